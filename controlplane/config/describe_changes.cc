// DescribeChanges(): the difference of two snapshots in lines for people. Walks the messages by
// reflection, so that a new field is described without a line of code here.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/message_differencer.h"

#include "common/base/units.h"
#include "controlplane/config/diff.h"

namespace lb::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::RepeatedPtrField;
using google::protobuf::util::MessageDifferencer;

// "connect_timeout_ms" reads "connect timeout".
std::string Label(const FieldDescriptor& field) {
  std::string name = field.name();
  for (std::string_view suffix : {"_ms", "_seconds"}) {
    if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  }
  return absl::StrReplaceAll(name, {{"_", " "}});
}

std::string ScalarText(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t value = reflection.GetUInt64(message, &field);
      if (!absl::EndsWith(field.name(), "_ms")) return absl::StrCat(value);
      return value == 0 ? "none" : FormatDuration(Millis(static_cast<int64_t>(value)));
    }
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "on" : "off";
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnum(message, &field)->name();
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string value = reflection.GetString(message, &field);
      return value.empty() ? "none" : absl::StrCat("'", value, "'");
    }
    default:
      return "?";
  }
}

bool FieldEquals(const Message& a, const Message& b, const FieldDescriptor& field) {
  MessageDifferencer differencer;
  return differencer.CompareWithFields(a, b, {&field}, {&field});
}

// Lines for the fields of two messages of one type; `skip` names fields described elsewhere.
void DescribeFields(const std::string& subject, const Message& a, const Message& b,
                    const std::set<std::string_view>& skip, std::vector<std::string>* lines) {
  const auto* descriptor = a.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    // A proxy's number follows its place in the file; it says nothing about the proxy.
    if (field.name() == "proxy_number" || skip.contains(field.name())) continue;
    if (FieldEquals(a, b, field)) continue;
    if (field.is_repeated()) {
      lines->push_back(absl::StrCat("~ ", subject, ": ", Label(field), " changed"));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const Reflection& reflection = *a.GetReflection();
      const std::string inner =
          field.name() == "common" ? subject : absl::StrCat(subject, ": ", Label(field));
      if (reflection.HasField(a, &field) != reflection.HasField(b, &field)) {
        lines->push_back(absl::StrCat("~ ", subject, ": ", Label(field), " ",
                                      reflection.HasField(b, &field) ? "added" : "removed"));
        continue;
      }
      DescribeFields(inner, reflection.GetMessage(a, &field), reflection.GetMessage(b, &field), {},
                     lines);
    } else {
      lines->push_back(absl::StrCat("~ ", subject, ": ", Label(field), " ", ScalarText(a, field),
                                    " -> ", ScalarText(b, field)));
    }
  }
}

void DescribeServers(const v1::Backend& from, const v1::Backend& to,
                     std::vector<std::string>* lines) {
  const std::string& backend = to.common().name();
  std::map<std::string_view, const v1::Server*> old;
  for (const v1::Server& server : from.servers()) old[server.name()] = &server;
  for (const v1::Server& server : to.servers()) {
    const std::string subject = absl::StrCat("server ", backend, "/", server.name());
    auto it = old.find(server.name());
    if (it == old.end()) {
      lines->push_back(absl::StrCat("+ ", subject, " ", server.address()));
      continue;
    }
    DescribeFields(subject, *it->second, server, {"number"}, lines);
    old.erase(it);
  }
  for (const v1::Server& server : from.servers()) {
    if (old.contains(server.name())) {
      lines->push_back(absl::StrCat("- server ", backend, "/", server.name()));
    }
  }
}

void DescribeBinds(const v1::Frontend& from, const v1::Frontend& to,
                   std::vector<std::string>* lines) {
  const std::string& frontend = to.common().name();
  std::map<std::string_view, const v1::Bind*> old;
  for (const v1::Bind& bind : from.binds()) old[bind.address()] = &bind;
  for (const v1::Bind& bind : to.binds()) {
    const std::string subject = absl::StrCat("bind ", frontend, " ", bind.address());
    auto it = old.find(bind.address());
    if (it == old.end()) {
      lines->push_back(absl::StrCat("+ ", subject));
      continue;
    }
    DescribeFields(subject, *it->second, bind, {"label"}, lines);
    old.erase(it);
  }
  for (const auto& [address, bind] : old) {
    lines->push_back(absl::StrCat("- bind ", frontend, " ", std::string(address)));
  }
}

void DescribeChildren(const v1::Frontend& from, const v1::Frontend& to,
                      std::vector<std::string>* lines) {
  DescribeBinds(from, to, lines);
}
void DescribeChildren(const v1::Backend& from, const v1::Backend& to,
                      std::vector<std::string>* lines) {
  DescribeServers(from, to, lines);
}

template <typename Section>
void DescribeSections(const std::string& kind, const RepeatedPtrField<Section>& from,
                      const RepeatedPtrField<Section>& to, std::vector<std::string>* lines) {
  std::map<std::string_view, const Section*> old;
  for (const Section& section : from) old[section.common().name()] = &section;
  for (const Section& section : to) {
    const std::string subject = absl::StrCat(kind, " ", section.common().name());
    auto it = old.find(section.common().name());
    if (it == old.end()) {
      lines->push_back(absl::StrCat("+ ", subject));
      continue;
    }
    DescribeFields(subject, *it->second, section, {"servers", "binds"}, lines);
    DescribeChildren(*it->second, section, lines);
    old.erase(it);
  }
  for (const Section& section : from) {
    if (old.contains(section.common().name())) {
      lines->push_back(absl::StrCat("- ", kind, " ", section.common().name()));
    }
  }
}

std::string_view FileWord(v1::TlsFile::Kind kind) {
  switch (kind) {
    case v1::TlsFile::CERTIFICATE:
      return "certificate";
    case v1::TlsFile::AUTHORITIES:
      return "authorities";
    case v1::TlsFile::REVOCATIONS:
      return "revocations";
    case v1::TlsFile::TICKET_KEYS:
      return "ticket keys";
    case v1::TlsFile::DH_PARAMETERS:
      return "Diffie-Hellman parameters";
    default:
      return "file";
  }
}

// Says which files changed, never how: they hold keys.
void DescribeFiles(const RepeatedPtrField<v1::TlsFile>& from,
                   const RepeatedPtrField<v1::TlsFile>& to, std::vector<std::string>* lines) {
  std::map<std::pair<std::string_view, v1::TlsFile::Kind>, const v1::TlsFile*> old;
  for (const v1::TlsFile& file : from) old[{file.name(), file.kind()}] = &file;
  auto add = [lines](std::string_view sign, const v1::TlsFile& file) {
    lines->push_back(
        absl::StrCat(std::string(sign), " ", std::string(FileWord(file.kind())), " ", file.name()));
  };
  for (const v1::TlsFile& file : to) {
    auto it = old.find({file.name(), file.kind()});
    if (it == old.end()) {
      add("+", file);
      continue;
    }
    if (!MessageDifferencer::Equals(*it->second, file)) add("~", file);
    old.erase(it);
  }
  for (const auto& [key, file] : old) add("-", *file);
}

}  // namespace

std::vector<std::string> DescribeChanges(const v1::Snapshot& from, const v1::Snapshot& to) {
  std::vector<std::string> lines;
  DescribeFields("global", from.global(), to.global(), {}, &lines);
  DescribeSections("frontend", from.frontends(), to.frontends(), &lines);
  DescribeSections("backend", from.backends(), to.backends(), &lines);
  DescribeFiles(from.tls_files(), to.tls_files(), &lines);
  return lines;
}

}  // namespace lb::config
