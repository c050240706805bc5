#include "cli/output.h"

#include <algorithm>
#include <ctime>

#include "absl/strings/str_format.h"

namespace lb::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsNumeric(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.-%") == std::string_view::npos;
}

// Terminal columns, counting a UTF-8 sequence as one.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

void AppendCsvCell(std::string_view cell, std::string* out) {
  if (cell.find_first_of("\r\n,\"") == std::string_view::npos) {
    out->append(cell);
    return;
  }
  *out += '"';
  for (char c : cell) {
    if (c == '"') *out += '"';
    *out += c;
  }
  *out += '"';
}

void AppendCsvLine(const std::vector<std::string>& cells, std::string* out) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i != 0) *out += ',';
    AppendCsvCell(cells[i], out);
  }
  *out += '\n';
}

nlohmann::json ToJsonSingle(const Message& message, const FieldDescriptor& field) {
  const Reflection& r = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return r.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_INT32:
      return r.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return r.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return r.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      if (field.type() == FieldDescriptor::TYPE_FIXED64) {
        return absl::StrFormat("0x%016x", r.GetUInt64(message, &field));
      }
      return r.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return r.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return r.GetFloat(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return r.GetEnum(message, &field)->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return r.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(r.GetMessage(message, &field));
  }
  return nullptr;
}

// Every repeated field of the admin protocol is of messages, of strings, or a map of strings.
nlohmann::json ToJsonRepeated(const Message& message, const FieldDescriptor& field) {
  const Reflection& r = *message.GetReflection();
  nlohmann::json all = field.is_map() ? nlohmann::json::object() : nlohmann::json::array();
  for (int i = 0; i < r.FieldSize(message, &field); ++i) {
    if (field.is_map()) {
      const nlohmann::json entry = ToJson(r.GetRepeatedMessage(message, &field, i));
      all[entry["key"].get<std::string>()] = entry["value"];
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      all.push_back(ToJson(r.GetRepeatedMessage(message, &field, i)));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      all.push_back(r.GetRepeatedString(message, &field, i));
    }
  }
  return all;
}

}  // namespace

std::string RenderTable(const Table& table) {
  const size_t columns = table.headers.size();
  std::vector<size_t> widths(columns);
  std::vector<bool> is_right(columns, !table.rows.empty());
  for (size_t c = 0; c < columns; ++c) {
    widths[c] = Width(table.headers[c]);
    for (const std::vector<std::string>& row : table.rows) {
      widths[c] = std::max(widths[c], Width(row[c]));
      if (!row[c].empty() && row[c] != "-" && !IsNumeric(row[c])) is_right[c] = false;
    }
  }
  std::string text;
  const auto append_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t c = 0; c < columns; ++c) {
      if (c != 0) line += "  ";
      const std::string padding(widths[c] - Width(cells[c]), ' ');
      line += is_right[c] ? padding + cells[c] : cells[c] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  append_line(table.headers);
  for (const std::vector<std::string>& row : table.rows) append_line(row);
  return text;
}

std::string RenderCsv(const Table& table) {
  std::string text;
  AppendCsvLine(table.headers, &text);
  for (const std::vector<std::string>& row : table.rows) AppendCsvLine(row, &text);
  return text;
}

std::vector<std::vector<std::string>> ParseCsv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool is_quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_quoted) {
      if (c != '"') {
        cell += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else {
        is_quoted = false;
      }
    } else if (c == '"') {
      is_quoted = true;
    } else if (c == ',') {
      row.push_back(std::move(cell));
      cell.clear();
    } else if (c == '\n') {
      if (!row.empty() || !cell.empty()) {
        row.push_back(std::move(cell));
        rows.push_back(std::move(row));
      }
      cell.clear();
      row.clear();
    } else {
      cell += c;
    }
  }
  if (!row.empty() || !cell.empty()) {
    row.push_back(std::move(cell));
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::json ToJson(const Message& message) {
  nlohmann::json object = nlohmann::json::object();
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    object[field.name()] =
        field.is_repeated() ? ToJsonRepeated(message, field) : ToJsonSingle(message, field);
  }
  return object;
}

std::string FormatTime(int64_t unix_ms) {
  if (unix_ms == 0) return "-";
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm local = {};
  ::localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return absl::StrFormat("%s.%03d", text, unix_ms % 1000);
}

void Output::Show(const Table& table, const Message& message) const {
  switch (format_) {
    case Format::kTable:
      out_ << RenderTable(table);
      return;
    case Format::kCsv:
      out_ << RenderCsv(table);
      return;
    case Format::kJson:
      ShowJson(ToJson(message));
      return;
  }
}

void Output::ShowJson(const nlohmann::json& json) const {
  // Configuration texts may hold bytes that are not UTF-8; dump() would throw for them.
  out_ << json.dump(2, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace)
       << "\n";
}

}  // namespace lb::cli
