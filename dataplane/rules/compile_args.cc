#include "dataplane/rules/compile_args.h"

#include <arpa/inet.h>

#include <charconv>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "common/base/ids.h"
#include "common/base/status.h"

namespace lb::rules {
namespace {

using catalog::Arg;
using catalog::ArgType;

absl::StatusOr<int64_t> ParseInt(const std::string& text) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidArgument(absl::StrCat("'", text, "' is no integer"));
  }
  return number;
}

// "24" or "255.255.255.0" -> the mask as a number in host byte order.
absl::StatusOr<int64_t> ParseMask4(const std::string& text) {
  in_addr mask;
  if (inet_pton(AF_INET, text.c_str(), &mask) == 1) return ntohl(mask.s_addr);
  absl::StatusOr<int64_t> bits = ParseInt(text);
  if (!bits.ok() || *bits < 0 || *bits > 32) {
    return InvalidArgument(absl::StrCat("'", text, "' is no IPv4 mask"));
  }
  return *bits == 0 ? 0 : int64_t{0xffffffff} << (32 - *bits) & 0xffffffff;
}

absl::StatusOr<int64_t> ParseMask6(const std::string& text) {
  absl::StatusOr<int64_t> bits = ParseInt(text);
  if (!bits.ok() || *bits < 0 || *bits > 128) {
    return InvalidArgument(absl::StrCat("'", text, "' is no IPv6 prefix length"));
  }
  return *bits;
}

uint64_t ServerIdOfText(std::string_view text) {
  size_t slash = text.find('/');
  if (slash == std::string_view::npos) return 0;
  return ServerIdOf(text.substr(0, slash), text.substr(slash + 1));
}

absl::Status CompileArg(const Arg& arg, size_t i, ProgramArgs* args) {
  const std::string& text = args->text[i];
  switch (arg.type) {
    case ArgType::kString:
    case ArgType::kHeader:
    case ArgType::kRegex:  // compiled with the flags, once all arguments are there
      return absl::OkStatus();
    case ArgType::kNameFormat:
      if (text == "rfc2253") return absl::OkStatus();
      return InvalidArgument(absl::StrCat("format '", text, "' is not known"));
    case ArgType::kInt: {
      LB_ASSIGN_OR_RETURN(args->number[i], ParseInt(text));
      return absl::OkStatus();
    }
    case ArgType::kIntOrVar: {
      if (!catalog::ParseVariableName(text).has_value()) {
        LB_ASSIGN_OR_RETURN(args->number[i], ParseInt(text));
        return absl::OkStatus();
      }
      LB_ASSIGN_OR_RETURN(args->variable[i], ParseVariable(text));
      return absl::OkStatus();
    }
    case ArgType::kVariable: {
      LB_ASSIGN_OR_RETURN(args->variable[i], ParseVariable(text));
      return absl::OkStatus();
    }
    case ArgType::kFrontend:
      args->id[i] = FrontendIdOf(text);
      return absl::OkStatus();
    case ArgType::kBackend:
      args->id[i] = BackendIdOf(text);
      return absl::OkStatus();
    case ArgType::kServer:
      args->id[i] = ServerIdOfText(text);
      return absl::OkStatus();
    case ArgType::kMask4: {
      LB_ASSIGN_OR_RETURN(args->number[i], ParseMask4(text));
      return absl::OkStatus();
    }
    case ArgType::kMask6: {
      LB_ASSIGN_OR_RETURN(args->number[i], ParseMask6(text));
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ProgramArgs> CompileArgs(std::string_view name, std::span<const Arg> expected,
                                        const std::vector<std::string>& given) {
  if (std::optional<std::string> error = catalog::CheckArgCount(name, expected, given.size())) {
    return InvalidArgument(*error);
  }
  ProgramArgs args;
  args.count = given.size();
  for (size_t i = 0; i < given.size(); ++i) {
    args.text[i] = given[i];
    if (given[i].empty() && !expected[i].required) continue;
    absl::Status status = CompileArg(expected[i], i, &args);
    if (!status.ok()) {
      return WithContext(
          status, std::string(name) + "(): argument '" + std::string(expected[i].name) + "'");
    }
  }
  return args;
}

absl::Status CheckDateUnit(std::string_view name, const std::string& unit) {
  if (unit.empty() || unit == "s" || unit == "ms" || unit == "us") return absl::OkStatus();
  return InvalidArgument(std::string(name) + "(): unit '" + unit + "': expected s, ms or us");
}

absl::StatusOr<std::string> DecodeHex(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    uint8_t byte = 0;
    const char* end = text.data() + i + 2;
    if (i + 2 > text.size() || std::from_chars(text.data() + i, end, byte, 16).ptr != end) {
      return InvalidArgument("bin(): '" + text + "' is not hexadecimal");
    }
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

absl::Status CompileConstantBool(ProgramArgs* args) {
  const std::string& text = args->text[0];
  if (text != "true" && text != "false" && text != "1" && text != "0") {
    return InvalidArgument("bool(): '" + text + "': expected true, false, 0 or 1");
  }
  args->number[0] = text == "true" || text == "1" ? 1 : 0;
  return absl::OkStatus();
}

absl::Status CheckConstantIp(std::string_view name, const std::string& text) {
  std::optional<IpAddress> ip = IpAddress::Parse(text);
  if (ip.has_value() && ip->family == (name == "ipv4" ? 4 : 6)) return absl::OkStatus();
  return InvalidArgument(std::string(name) + "(): '" + text + "' is no such address");
}

}  // namespace

absl::StatusOr<VariableRef> ParseVariable(std::string_view text) {
  std::optional<catalog::VariableName> name = catalog::ParseVariableName(text);
  if (!name.has_value()) {
    return InvalidArgument("'" + std::string(text) + "' is no variable: expected scope.name");
  }
  VariableScope scope = VariableScope::kTxn;
  if (name->scope == "proc") scope = VariableScope::kProc;
  if (name->scope == "sess") scope = VariableScope::kSess;
  if (name->scope == "req") scope = VariableScope::kReq;
  if (name->scope == "res") scope = VariableScope::kRes;
  return VariableRef{scope, VariableKey(name->name)};
}

absl::StatusOr<ProgramArgs> CompileFetchArgs(const catalog::Fetch& fetch,
                                             const std::vector<std::string>& given,
                                             const GetEnv& getenv) {
  LB_ASSIGN_OR_RETURN(ProgramArgs args, CompileArgs(fetch.name, fetch.args, given));
  if (fetch.name == "bin") {
    LB_ASSIGN_OR_RETURN(args.text[0], DecodeHex(args.text[0]));
  } else if (fetch.name == "bool") {
    LB_RETURN_IF_ERROR(CompileConstantBool(&args));
  } else if (fetch.name == "ipv4" || fetch.name == "ipv6") {
    LB_RETURN_IF_ERROR(CheckConstantIp(fetch.name, args.text[0]));
  } else if (fetch.name == "date") {
    LB_RETURN_IF_ERROR(CheckDateUnit(fetch.name, args.text[1]));
  } else if (fetch.name == "rand" && args.count > 0 &&
             (args.number[0] < 1 || args.number[0] > int64_t{1} << 32)) {
    return InvalidArgument("rand(): range '" + args.text[0] + "': expected 1 to 4294967296");
  } else if (fetch.name == "uuid" && args.has(0) && args.number[0] != 4) {
    return InvalidArgument("uuid(): version '" + args.text[0] + "': only 4 is known");
  } else if (fetch.name == "env") {
    std::optional<std::string> value = getenv(args.text[0]);
    args.count = value.has_value() ? 1 : 0;
    args.text[0] = value.value_or("");
  }
  return args;
}

absl::StatusOr<ProgramArgs> CompileConverterArgs(const catalog::Converter& converter,
                                                 const std::vector<std::string>& given) {
  LB_ASSIGN_OR_RETURN(ProgramArgs args, CompileArgs(converter.name, converter.args, given));
  if (converter.name == "http_date") {
    LB_RETURN_IF_ERROR(CheckDateUnit(converter.name, args.text[1]));
  }
  if (converter.name == "url_enc" && args.has(0) && args.text[0] != "query") {
    return InvalidArgument("url_enc(): encoding '" + args.text[0] + "': expected query");
  }
  if (converter.name == "regsub") {
    if (args.text[2].find_first_not_of("gi") != std::string::npos) {
      return InvalidArgument("regsub(): flags '" + args.text[2] + "': expected g or i");
    }
    LB_ASSIGN_OR_RETURN(args.regex,
                        Regex::Compile(args.text[0], args.text[2].find('i') != std::string::npos));
  }
  return args;
}

}  // namespace lb::rules
