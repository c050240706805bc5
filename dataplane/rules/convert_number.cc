// Converters of integers: arithmetic, bits, comparisons; and hashes of bytes.
// Source: HAProxy configuration manual, section 7.3.1.
#include <limits>

#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

// A number, or what the named variable holds; nullopt when that is unset or no integer.
std::optional<int64_t> OperandOf(const ProgramArgs& args, const TxnContext& context) {
  if (!args.variable[0].has_value()) return args.number[0];
  const VariableSet* set = VariablesOf(context, args.variable[0]->scope);
  return set != nullptr ? set->Get(args.variable[0]->key).ToInt() : std::nullopt;
}

int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? kMax : kMin;
}

int64_t SaturatingSub(int64_t a, int64_t b) {
  int64_t difference;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? kMax : kMin;
}

int64_t SaturatingMul(int64_t a, int64_t b) {
  int64_t product;
  if (!__builtin_mul_overflow(a, b, &product)) return product;
  return (a < 0) == (b < 0) ? kMax : kMin;
}

// The one quotient that does not fit, kMin / -1, stays at the limit.
int64_t Divide(int64_t a, int64_t b) {
  if (b == 0 || (a == kMin && b == -1)) return kMax;
  return a / b;
}

int64_t Remainder(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
int64_t BitAnd(int64_t a, int64_t b) { return a & b; }
int64_t BitOr(int64_t a, int64_t b) { return a | b; }
int64_t BitXor(int64_t a, int64_t b) { return a ^ b; }

template <int64_t (*kOperation)(int64_t, int64_t)>
Sample Binary(const Sample& in, const ProgramArgs& args, TxnContext& context) {
  std::optional<int64_t> operand = OperandOf(args, context);
  if (!operand.has_value()) return Sample();
  return Sample::Int(kOperation(in.integer(), *operand));
}

Sample Negate(const Sample& in, const ProgramArgs&, TxnContext&) {
  return Sample::Int(in.integer() == kMin ? kMax : -in.integer());
}
Sample Complement(const Sample& in, const ProgramArgs&, TxnContext&) {
  return Sample::Int(~in.integer());
}
Sample ToBool(const Sample& in, const ProgramArgs&, TxnContext&) {
  return Sample::Bool(in.integer() != 0);
}
Sample Not(const Sample& in, const ProgramArgs&, TxnContext&) {
  return Sample::Bool(in.integer() == 0);
}
Sample Odd(const Sample& in, const ProgramArgs&, TxnContext&) {
  return Sample::Bool((in.integer() & 1) != 0);
}
Sample Even(const Sample& in, const ProgramArgs&, TxnContext&) {
  return Sample::Bool((in.integer() & 1) == 0);
}

// Spreads a hash's bits: Bob Jenkins's integer hash, then a large prime, as HAProxy's hashes do.
uint32_t Avalanche(uint32_t a) {
  a = (a + 0x7ed55d16) + (a << 12);
  a = (a ^ 0xc761c23c) ^ (a >> 19);
  a = (a + 0x165667b1) + (a << 5);
  a = (a + 0xd3a2646c) ^ (a << 9);
  a = (a + 0xfd7046c5) + (a << 3);
  a = (a ^ 0xb55a4f09) ^ (a >> 16);
  return a * 3221225473U;
}

uint32_t Djb2(std::string_view bytes) {
  uint32_t hash = 5381;
  for (char c : bytes) hash = (hash << 5) + hash + static_cast<uint8_t>(c);
  return hash;
}

uint32_t Sdbm(std::string_view bytes) {
  uint32_t hash = 0;
  for (char c : bytes) hash = static_cast<uint8_t>(c) + (hash << 6) + (hash << 16) - hash;
  return hash;
}

uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = 0xffffffff;
  for (char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

template <uint32_t (*kHash)(std::string_view)>
Sample Hash(const Sample& in, const ProgramArgs& args, TxnContext&) {
  uint32_t hash = kHash(in.text());
  return Sample::Int(args.number[0] != 0 ? Avalanche(hash) : hash);
}

constexpr NamedConverter kNumberConverters[] = {
    {"add", Binary<SaturatingAdd>},
    {"and", Binary<BitAnd>},
    {"bool", ToBool},
    {"cpl", Complement},
    {"crc32", Hash<Crc32>},
    {"div", Binary<Divide>},
    {"djb2", Hash<Djb2>},
    {"even", Even},
    {"mod", Binary<Remainder>},
    {"mul", Binary<SaturatingMul>},
    {"neg", Negate},
    {"not", Not},
    {"odd", Odd},
    {"or", Binary<BitOr>},
    {"sdbm", Hash<Sdbm>},
    {"sub", Binary<SaturatingSub>},
    {"xor", Binary<BitXor>},
};

}  // namespace

std::span<const NamedConverter> NumberConverters() { return kNumberConverters; }

}  // namespace lb::rules
