// Fetches of the connections and of who serves them.
// Source: HAProxy configuration manual, section 7.3.3.
#include "dataplane/rules/functions.h"

namespace lb::rules {
namespace {

Sample IpOf(const Address* address) {
  return address != nullptr ? Sample::Ip(IpAddress::Of(*address)) : Sample();
}

Sample PortOf(const Address* address) {
  return address != nullptr && address->is_ip() ? Sample::Int(address->port()) : Sample();
}

Sample NameOf(std::string_view name) { return name.empty() ? Sample() : Sample::Text(name); }

Sample NumberOf(const NamedNumber& named) {
  return named.name.empty() ? Sample() : Sample::Int(named.number);
}

Sample Source(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return IpOf(context.client);
}
Sample SourcePort(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return PortOf(context.client);
}
Sample Destination(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return IpOf(context.local);
}
Sample DestinationPort(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return PortOf(context.local);
}
Sample UpstreamSource(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return IpOf(context.upstream_local);
}
Sample UpstreamSourcePort(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return PortOf(context.upstream_local);
}
Sample UpstreamDestination(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return IpOf(context.server_address);
}
Sample UpstreamDestinationPort(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return PortOf(context.server_address);
}

Sample FrontendName(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NameOf(context.frontend.name);
}
Sample FrontendNumber(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NumberOf(context.frontend);
}
Sample DefaultBackend(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NameOf(context.default_backend);
}
Sample BackendName(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NameOf(context.backend.name);
}
Sample BackendNumber(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NumberOf(context.backend);
}
Sample ServerName(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NameOf(context.server.name);
}
Sample ServerNumber(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NumberOf(context.server);
}
Sample ListenerNumber(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return Sample::Int(context.listener_number);
}
Sample ListenerName(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NameOf(context.listener_name);
}
Sample HttpMajor(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return Sample::Int(context.http_major);
}
Sample HasProxyHeader(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return Sample::Bool(context.has_proxy_header);
}
Sample ProxyAuthority(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NameOf(context.proxy_authority);
}
Sample ProxyUniqueId(const ProgramArgs&, TxnContext& context, FetchCursor*) {
  return NameOf(context.proxy_unique_id);
}

constexpr NamedFetch kConnectionFetches[] = {
    {"bc_dst", UpstreamDestination},
    {"bc_dst_port", UpstreamDestinationPort},
    {"bc_src", UpstreamSource},
    {"bc_src_port", UpstreamSourcePort},
    {"be_id", BackendNumber},
    {"be_name", BackendName},
    {"dst", Destination},
    {"dst_port", DestinationPort},
    {"fc_http_major", HttpMajor},
    {"fc_pp_authority", ProxyAuthority},
    {"fc_pp_unique_id", ProxyUniqueId},
    {"fc_rcvd_proxy", HasProxyHeader},
    {"fe_defbe", DefaultBackend},
    {"fe_id", FrontendNumber},
    {"fe_name", FrontendName},
    {"so_id", ListenerNumber},
    {"so_name", ListenerName},
    {"src", Source},
    {"src_port", SourcePort},
    {"srv_id", ServerNumber},
    {"srv_name", ServerName},
};

}  // namespace

std::span<const NamedFetch> ConnectionFetches() { return kConnectionFetches; }

}  // namespace lb::rules
