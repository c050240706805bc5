// Any bytes as a PROXY header. Claims: views lie within the header; a shorter beginning never
// decides otherwise than the whole does; what was read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/net/proxy_protocol.h"

namespace {

using lb::net::ProxyHeader;
using lb::net::ProxyParse;
using Outcome = lb::net::ProxyParse::Outcome;

void Check(bool claim) {
  if (!claim) std::abort();
}

void CheckView(std::string_view view, std::string_view whole) {
  if (view.empty()) return;
  Check(view.data() >= whole.data() && view.data() + view.size() <= whole.data() + whole.size());
}

void CheckRoundTrip(const ProxyHeader& header) {
  if (header.is_local || !header.source.is_ip()) return;
  std::string out;
  lb::net::ProxyHeaderFacts facts;
  facts.source = &header.source;
  facts.destination = &header.destination;
  facts.authority = header.authority;
  facts.unique_id = header.unique_id;
  if (header.tls.has_value()) facts.tls = *header.tls;
  lb::net::ProxyHeaderOptions options;
  options.authority = options.unique_id = options.crc32c = options.ssl = true;
  lb::net::AppendProxyV2(facts, options, &out);
  ProxyHeader again;
  const ProxyParse parsed = lb::net::ParseProxyHeader(out, &again);
  Check(parsed.outcome == Outcome::kDone && parsed.bytes == out.size());
  Check(again.source == header.source && again.destination == header.destination);
  Check(again.authority == header.authority && again.unique_id == header.unique_id);
  Check(again.has_crc32c);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ProxyHeader header;
  const ProxyParse parsed = lb::net::ParseProxyHeader(bytes, &header);
  if (parsed.outcome == Outcome::kMore) Check(parsed.bytes > size);
  if (parsed.outcome == Outcome::kDone) {
    Check(parsed.bytes <= size);
    const std::string_view whole = bytes.substr(0, parsed.bytes);
    for (std::string_view view :
         {header.alpn, header.authority, header.unique_id, header.network_namespace}) {
      CheckView(view, whole);
    }
    if (header.tls.has_value()) CheckView(header.tls->common_name, whole);
    CheckRoundTrip(header);
  }
  // What a beginning says holds for the whole.
  for (size_t cut : {size / 2, size > 0 ? size - 1 : 0}) {
    ProxyHeader part;
    const ProxyParse early = lb::net::ParseProxyHeader(bytes.substr(0, cut), &part);
    if (early.outcome == Outcome::kMore) continue;
    Check(early.outcome == parsed.outcome && early.bytes == parsed.bytes);
  }
  return 0;
}
