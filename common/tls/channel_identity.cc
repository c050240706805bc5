#include "common/tls/channel_identity.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

#include "common/base/status.h"
#include "common/tls/context.h"

namespace lb::tls {
namespace {

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in.good()) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return text.str();
}

}  // namespace

absl::StatusOr<std::optional<ChannelIdentity>> LoadIdentity(const ChannelFiles& files) {
  if (!files.is_set()) return std::optional<ChannelIdentity>();
  if (files.certificate.empty() || files.key.empty() || files.authority.empty()) {
    return InvalidArgument("--tls-cert, --tls-key and --tls-ca go together");
  }
  ChannelIdentity identity;
  LB_ASSIGN_OR_RETURN(identity.certificate, ReadWhole(files.certificate));
  LB_ASSIGN_OR_RETURN(identity.key, ReadWhole(files.key));
  LB_ASSIGN_OR_RETURN(identity.authority, ReadWhole(files.authority));
  // gRPC would only say that its handshakes fail.
  const File own{.name = files.certificate, .pem = identity.certificate, .key_pem = identity.key};
  LB_ASSIGN_OR_RETURN(SslContextPtr context, MakeContext(TLS_method(), Settings()));
  LB_RETURN_IF_ERROR(UseCertificate(context.get(), own));
  const File authority{.name = files.authority, .pem = identity.authority};
  LB_RETURN_IF_ERROR(TrustAuthorities(context.get(), authority));
  return std::optional<ChannelIdentity>(std::move(identity));
}

}  // namespace lb::tls
