// Output: what lbctl prints, in the form that was asked for: aligned tables for people, JSON and
// CSV for machines.
#ifndef LB_CLI_OUTPUT_H_
#define LB_CLI_OUTPUT_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"
#include <nlohmann/json.hpp>

namespace lb::cli {

enum class Format { kTable, kJson, kCsv };

struct Table {
  std::vector<std::string> headers;
  std::vector<std::vector<std::string>> rows;  // each as long as headers
};

// Columns that hold only numbers are aligned to the right. Without rows: only the headers.
std::string RenderTable(const Table& table);
// RFC 4180, with the headers as the first line.
std::string RenderCsv(const Table& table);

// Rows of a CSV; quotes are taken off. The inverse of RenderCsv().
std::vector<std::vector<std::string>> ParseCsv(std::string_view text);

// All fields under their names in the .proto file, unset ones too; enums by name, 64-bit ids
// (fixed64) as "0x..." texts because JSON's readers lose their low bits.
nlohmann::json ToJson(const google::protobuf::Message& message);

// "2026-11-22 08:05:00.123" in the local time zone; "-" for 0.
std::string FormatTime(int64_t unix_ms);

// Where a command prints.
class Output {
 public:
  Output(std::ostream* out, std::ostream* err, Format format)
      : out_(*out), err_(*err), format_(format) {}

  Format format() const { return format_; }
  std::ostream& out() const { return out_; }
  std::ostream& err() const { return err_; }

  // The table, or its CSV; for JSON, `message`.
  void Show(const Table& table, const google::protobuf::Message& message) const;
  void ShowJson(const nlohmann::json& json) const;

 private:
  std::ostream& out_;
  std::ostream& err_;
  const Format format_;
};

}  // namespace lb::cli

#endif  // LB_CLI_OUTPUT_H_
