// Fetches of internal state: constants, time, randomness, variables, other proxies.
// Source: HAProxy configuration manual, section 7.3.2.
#include <chrono>
#include <cstdio>

#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

// SplitMix64: good enough for load spreading and identifiers, and one addition of state.
uint64_t NextRandom(TxnContext& context) {
  uint64_t z = (*context.random_state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Sample AlwaysFalse(const ProgramArgs&, TxnContext&, FetchCursor*) { return Sample::Bool(false); }
Sample AlwaysTrue(const ProgramArgs&, TxnContext&, FetchCursor*) { return Sample::Bool(true); }

Sample ConstantBool(const ProgramArgs& args, TxnContext&, FetchCursor*) {
  return Sample::Bool(args.number[0] != 0);
}

Sample ConstantInt(const ProgramArgs& args, TxnContext&, FetchCursor*) {
  return Sample::Int(args.number[0]);
}

Sample ConstantText(const ProgramArgs& args, TxnContext&, FetchCursor*) {
  return Sample::Text(args.text[0]);
}

// The compiler has already decoded the hexadecimal text.
Sample ConstantBytes(const ProgramArgs& args, TxnContext&, FetchCursor*) {
  return Sample::Bytes(args.text[0]);
}

Sample ConstantIp(const ProgramArgs& args, TxnContext&, FetchCursor*) {
  std::optional<IpAddress> ip = IpAddress::Parse(args.text[0]);
  return ip.has_value() ? Sample::Ip(*ip) : Sample();
}

// The compiler has replaced the name by the value; `count` 0 stands for an unset variable.
Sample Environment(const ProgramArgs& args, TxnContext&, FetchCursor*) {
  return args.count == 0 ? Sample() : Sample::Text(args.text[0]);
}

Sample Date(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(
                       context.clock->WallNow().time_since_epoch())
                       .count();
  int64_t divisor = 1'000'000;
  if (args.text[1] == "ms") divisor = 1'000;
  if (args.text[1] == "us") divisor = 1;
  return Sample::Int(micros / divisor + args.number[0]);
}

Sample DateMicros(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(
                       context.clock->WallNow().time_since_epoch())
                       .count();
  return Sample::Int(micros % 1'000'000);
}

Sample Hostname(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return Sample::Text(context.process->hostname);
}

Sample Process(const ProgramArgs&, TxnContext&, FetchCursor*) { return Sample::Int(1); }

Sample Random(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  uint64_t value = NextRandom(context) >> 32;
  if (args.count == 0) return Sample::Int(static_cast<int64_t>(value));
  return Sample::Int(static_cast<int64_t>((value * static_cast<uint64_t>(args.number[0])) >> 32));
}

Sample Uuid(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  uint64_t high = NextRandom(context);
  uint64_t low = NextRandom(context);
  char text[37];
  std::snprintf(text, sizeof(text), "%08x-%04x-4%03x-%04x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16) & 0xffff,
                static_cast<unsigned>(high) & 0xfff,
                (static_cast<unsigned>(low >> 48) & 0x3fff) | 0x8000,
                static_cast<unsigned long long>(low & 0xffffffffffff));
  return Sample::Text(context.arena->Copy({text, 36}));
}

Sample Variable(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  Sample value;
  if (const VariableSet* set = VariablesOf(context, args.variable[0]->scope)) {
    value = set->Get(args.variable[0]->key);
  }
  if (!value.has_value() && args.count > 1) return Sample::Text(args.text[1]);
  return value;
}

std::optional<ProxyLookup::BackendFacts> BackendOf(const ProgramArgs& args, TxnContext& context) {
  if (context.lookup == nullptr) return std::nullopt;
  if (args.has(0)) return context.lookup->FindBackend(args.id[0]);
  if (context.backend.name.empty()) return std::nullopt;
  return context.lookup->FindBackend(BackendIdOf(context.backend.name));
}

Sample UsableServers(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  std::optional<ProxyLookup::BackendFacts> backend = BackendOf(args, context);
  return backend.has_value() ? Sample::Int(backend->usable_servers) : Sample();
}

Sample Queue(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  std::optional<ProxyLookup::BackendFacts> backend = BackendOf(args, context);
  return backend.has_value() ? Sample::Int(backend->queued) : Sample();
}

Sample AverageQueue(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  std::optional<ProxyLookup::BackendFacts> backend = BackendOf(args, context);
  if (!backend.has_value()) return Sample();
  int64_t servers = backend->usable_servers;
  int64_t queued = backend->queued;
  return Sample::Int(servers > 0 ? (queued + servers - 1) / servers : queued * 2);
}

Sample BackendSessions(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  std::optional<ProxyLookup::BackendFacts> backend = BackendOf(args, context);
  return backend.has_value() ? Sample::Int(backend->current_sessions) : Sample();
}

Sample FrontendSessions(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  if (context.lookup == nullptr) return Sample();
  FrontendId id = args.has(0) ? args.id[0] : FrontendIdOf(context.frontend.name);
  std::optional<ProxyLookup::FrontendFacts> frontend = context.lookup->FindFrontend(id);
  return frontend.has_value() ? Sample::Int(frontend->current_sessions) : Sample();
}

// "srv" alone is a server of the current backend.
std::optional<ProxyLookup::ServerFacts> ServerOf(const ProgramArgs& args, TxnContext& context) {
  if (context.lookup == nullptr) return std::nullopt;
  ServerId id = args.id[0];
  if (id == 0) {
    if (context.backend.name.empty()) return std::nullopt;
    id = ServerIdOf(context.backend.name, args.text[0]);
  }
  return context.lookup->FindServer(id);
}

Sample ServerIsUp(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  std::optional<ProxyLookup::ServerFacts> server = ServerOf(args, context);
  return server.has_value() ? Sample::Bool(server->is_up) : Sample();
}

Sample ServerSessions(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  std::optional<ProxyLookup::ServerFacts> server = ServerOf(args, context);
  return server.has_value() ? Sample::Int(server->current_sessions) : Sample();
}

Sample ServerQueue(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  std::optional<ProxyLookup::ServerFacts> server = ServerOf(args, context);
  return server.has_value() ? Sample::Int(server->queued) : Sample();
}

Sample ServerWeight(const ProgramArgs& args, TxnContext& context, FetchCursor*) {
  std::optional<ProxyLookup::ServerFacts> server = ServerOf(args, context);
  return server.has_value() ? Sample::Int(server->weight) : Sample();
}

constexpr NamedFetch kStateFetches[] = {
    {"always_false", AlwaysFalse},
    {"always_true", AlwaysTrue},
    {"avg_queue", AverageQueue},
    {"be_conn", BackendSessions},
    {"bin", ConstantBytes},
    {"bool", ConstantBool},
    {"date", Date},
    {"date_us", DateMicros},
    {"env", Environment},
    {"fe_conn", FrontendSessions},
    {"hostname", Hostname},
    {"int", ConstantInt},
    {"ipv4", ConstantIp},
    {"ipv6", ConstantIp},
    {"meth", ConstantText},
    {"nbsrv", UsableServers},
    {"proc", Process},
    {"queue", Queue},
    {"rand", Random},
    {"srv_conn", ServerSessions},
    {"srv_is_up", ServerIsUp},
    {"srv_queue", ServerQueue},
    {"srv_weight", ServerWeight},
    {"str", ConstantText},
    {"uuid", Uuid},
    {"var", Variable},
};

}  // namespace

std::span<const NamedFetch> StateFetches() { return kStateFetches; }

}  // namespace lb::rules
