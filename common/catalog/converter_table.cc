// The table of converters.
// Source: HAProxy configuration manual, section 7.3.1.
#include "common/catalog/tables.h"

namespace lb::catalog {
namespace {

constexpr auto kToStr = ValueType::kString;
constexpr auto kToNum = ValueType::kInt;
constexpr auto kToFlag = ValueType::kBool;
constexpr auto kBin = ValueType::kBinary;

constexpr Arg kOperandArg[] = {{"value", ArgType::kIntOrVar, true}};
constexpr Arg kBytesArgs[] = {{"offset", ArgType::kInt, true}, {"length", ArgType::kInt}};
constexpr Arg kConcatArgs[] = {
    {"start", ArgType::kString}, {"var", ArgType::kVariable}, {"end", ArgType::kString}};
constexpr Arg kFieldArgs[] = {{"index", ArgType::kInt, true},
                              {"delimiters", ArgType::kString, true},
                              {"count", ArgType::kInt}};
constexpr Arg kHashArg[] = {{"avalanche", ArgType::kInt}};
constexpr Arg kHttpDateArgs[] = {{"offset", ArgType::kInt}, {"unit", ArgType::kString}};
constexpr Arg kIifArgs[] = {{"true", ArgType::kString, true}, {"false", ArgType::kString, true}};
constexpr Arg kMaskArgs[] = {{"mask4", ArgType::kMask4, true}, {"mask6", ArgType::kMask6}};
constexpr Arg kTimeArgs[] = {{"format", ArgType::kString, true}, {"offset", ArgType::kInt}};
constexpr Arg kCharsArg[] = {{"chars", ArgType::kString, true}};
constexpr Arg kRegsubArgs[] = {{"regex", ArgType::kRegex, true},
                               {"replacement", ArgType::kString, true},
                               {"flags", ArgType::kString}};
constexpr Arg kVarArg[] = {{"var", ArgType::kVariable, true}};
constexpr Arg kUrlDecArg[] = {{"in_form", ArgType::kInt}};
constexpr Arg kUrlEncArg[] = {{"encoding", ArgType::kString}};

constexpr Converter kConverterTable[] = {
    {"add", kToNum, kToNum, kOperandArg, "Adds; stays at the limit of 64 bits on overflow."},
    {"and", kToNum, kToNum, kOperandArg, "Bitwise and."},
    {"b64dec", kToStr, kBin, {}, "Decodes base64."},
    {"base64", kBin, kToStr, {}, "Encodes in base64."},
    {"bool", kToNum, kToFlag, {}, "False for 0, else true."},
    {"bytes", kBin, kBin, kBytesArgs, "Some bytes, from the offset on."},
    {"concat", kToStr, kToStr, kConcatArgs, "Appends a text, a variable and another text."},
    {"cpl", kToNum, kToNum, {}, "The bitwise complement."},
    {"crc32", kBin, kToNum, kHashArg, "The CRC-32 of Ethernet and gzip."},
    {"cut_crlf", kToStr, kToStr, {}, "Cuts at the first carriage return or line feed."},
    {"div", kToNum, kToNum, kOperandArg, "Divides; by zero gives the largest integer."},
    {"djb2", kBin, kToNum, kHashArg, "The DJB2 hash."},
    {"even", kToNum, kToFlag, {}, "Whether it is even."},
    {"field", kToStr, kToStr, kFieldArgs,
     "A field, counted from 1, or from the end when negative."},
    {"hex", kBin, kToStr, {}, "Two upper-case hexadecimal digits for each byte."},
    {"hex2i", kToStr, kToNum, {}, "A hexadecimal text as an integer."},
    {"host_only", kToStr, kToStr, {}, "A Host field's value without the port."},
    {"http_date", kToNum, kToStr, kHttpDateArgs,
     "A date as HTTP writes it, from seconds since 1970."},
    {"iif", kToFlag, kToStr, kIifArgs, "One text when true, another one when false."},
    {"ipmask", ValueType::kAddress, ValueType::kAddress, kMaskArgs, "The network of an address."},
    {"length", kToStr, kToNum, {}, "The length in bytes."},
    {"lower", kToStr, kToStr, {}, "Lower case."},
    {"ltime", kToNum, kToStr, kTimeArgs, "A date in local time, by a strftime() format."},
    {"ltrim", kToStr, kToStr, kCharsArg, "Removes these characters at the beginning."},
    {"mod", kToNum, kToNum, kOperandArg, "The remainder; by zero gives 0."},
    {"mul", kToNum, kToNum, kOperandArg, "Multiplies; stays at the limit of 64 bits on overflow."},
    {"neg", kToNum, kToNum, {}, "The opposite."},
    {"not", kToNum, kToFlag, {}, "True for 0, else false."},
    {"odd", kToNum, kToFlag, {}, "Whether it is odd."},
    {"or", kToNum, kToNum, kOperandArg, "Bitwise or."},
    {"port_only", kToStr, kToNum, {}, "The port of a Host field's value; 0 without one."},
    {"regsub", kToStr, kToStr, kRegsubArgs,
     "Replaces what the regular expression matches; flags: g (all), i (ignore case)."},
    {"rtrim", kToStr, kToStr, kCharsArg, "Removes these characters at the end."},
    {"sdbm", kBin, kToNum, kHashArg, "The SDBM hash."},
    {"strcmp", kToStr, kToNum, kVarArg, "Compares with a variable: 0 when they are equal."},
    {"sub", kToNum, kToNum, kOperandArg, "Subtracts; stays at the limit of 64 bits on overflow."},
    {"ub64dec", kToStr, kBin, {}, "Decodes base64 in its URL form, without padding."},
    {"ub64enc", kBin, kToStr, {}, "Encodes in base64 in its URL form, without padding."},
    {"upper", kToStr, kToStr, {}, "Upper case."},
    {"url_dec", kToStr, kToStr, kUrlDecArg,
     "Decodes %XX, and \"+\" after a question mark (anywhere when the argument is 1)."},
    {"url_enc", kToStr, kToStr, kUrlEncArg, "Encodes all but the unreserved characters as %XX."},
    {"utime", kToNum, kToStr, kTimeArgs, "A date in UTC, by a strftime() format."},
    {"word", kToStr, kToStr, kFieldArgs,
     "A word, counted from 1, or from the end when negative; delimiters in a row count once."},
    {"xor", kToNum, kToNum, kOperandArg, "Bitwise exclusive or."},
};

}  // namespace

const std::span<const Converter> kConverters = kConverterTable;

}  // namespace lb::catalog
