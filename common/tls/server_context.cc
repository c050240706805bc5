#include "common/tls/server_context.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/tls/client_hello.h"
#include "common/tls/context.h"
#include "common/tls/ticket_keys.h"

namespace lb::tls {
namespace {

int ServerIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// What sessions may be resumed by: those that were verified the same way, on any node.
std::string VerificationId(const Settings& settings, const FilePtr& verify_authorities) {
  EVP_MD_CTX* digest = EVP_MD_CTX_new();
  EVP_DigestInit_ex(digest, EVP_sha256(), nullptr);
  auto add = [&](std::string_view text) {
    const uint64_t bytes = text.size();
    EVP_DigestUpdate(digest, &bytes, sizeof(bytes));
    EVP_DigestUpdate(digest, text.data(), text.size());
  };
  add(std::to_string(static_cast<int>(settings.verify)));
  for (const FilePtr& file : {settings.authorities, settings.revocations, verify_authorities}) {
    add(file == nullptr ? "" : file->is_system ? file->name : file->pem);
  }
  std::string id(32, '\0');
  EVP_DigestFinal_ex(digest, reinterpret_cast<unsigned char*>(id.data()), nullptr);
  EVP_MD_CTX_free(digest);
  return id;
}

// A group of RFC 7919 of at most `bits`, but 2048: OpenSSL takes none below at its usual level.
absl::Status UseDhGroup(SSL_CTX* context, uint32_t bits) {
  const char* name = bits >= 4096 ? "ffdhe4096" : bits >= 3072 ? "ffdhe3072" : "ffdhe2048";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(name), 0),
      OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>> maker(
      EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  EVP_PKEY* group = nullptr;
  if (maker == nullptr || EVP_PKEY_fromdata_init(maker.get()) != 1 ||
      EVP_PKEY_fromdata(maker.get(), &group, EVP_PKEY_KEY_PARAMETERS, parameters) != 1 ||
      SSL_CTX_set0_tmp_dh_pkey(context, group) != 1) {
    EVP_PKEY_free(group);
    return InvalidArgument(absl::StrCat("tune.ssl.default-dh-param ", bits, ": ", TakeError()));
  }
  return absl::OkStatus();
}

absl::Status UseDhParameters(SSL_CTX* context, const File* file, std::string_view pem,
                             uint32_t bits) {
  if (pem.empty() && bits != 0) return UseDhGroup(context, bits);
  if (pem.empty()) {
    SSL_CTX_set_dh_auto(context, 1);
    return absl::OkStatus();
  }
  BioPtr bio = ReadFrom(pem);
  EVP_PKEY* parameters = PEM_read_bio_Parameters(bio.get(), nullptr);
  if (parameters == nullptr || SSL_CTX_set0_tmp_dh_pkey(context, parameters) != 1) {
    EVP_PKEY_free(parameters);
    return InvalidArgument(absl::StrCat(file->name, ": DH parameters: ", TakeError()));
  }
  return absl::OkStatus();
}

// Whether the lines of two certificates have a client handled in the same way.
bool AreAlike(const ServerSettings::Entry& a, const ServerSettings::Entry& b) {
  return a.settings == b.settings && a.verify_authorities == b.verify_authorities &&
         a.tells_no_authorities == b.tells_no_authorities;
}

}  // namespace

bool IgnoredErrors::Contains(int error) const {
  return all || std::ranges::find(codes, static_cast<uint32_t>(error)) != codes.end();
}

absl::StatusOr<std::shared_ptr<const ServerContext>> ServerContext::Make(ServerSettings settings) {
  if (settings.entries.empty() && !settings.is_sni_strict) return InvalidArgument("no certificate");
  std::shared_ptr<ServerContext> made(new ServerContext(std::move(settings)));
  LB_RETURN_IF_ERROR(made->Build());
  return made;
}

// A crt-list may name one file, or one file with the same settings, in thousands of lines: each is
// read once, and made a context of once.
struct ServerContext::Draft {
  std::unordered_map<const File*, KeyedCertificate> certificates;
  std::unordered_map<const File*, std::vector<std::string>> names;  // in the certificate
  Entries same_as;  // of each entry: the first that differs from it at most in its filters
  std::map<Entries, const Identity*> identities;
};

absl::Status ServerContext::ReadEntries(Draft* draft) {
  std::unordered_map<const File*, Entries> distinct;  // by file: entries that are the first of some
  for (size_t i = 0; i < settings_.entries.size(); ++i) {
    const ServerSettings::Entry& entry = settings_.entries[i];
    const File* file = entry.certificate.get();
    if (auto [it, is_new] = draft->certificates.try_emplace(file); is_new) {
      LB_ASSIGN_OR_RETURN(it->second, ReadKeyedCertificate(*file));
      draft->names[file] = NamesOf(it->second.chain[0].get());
    }
    key_kinds_.push_back(EVP_PKEY_get_base_id(draft->certificates[file].key.get()));
    Entries& others = distinct[file];
    auto same = std::ranges::find_if(
        others, [&](size_t other) { return AreAlike(settings_.entries[other], entry); });
    if (same == others.end()) same = others.insert(others.end(), i);
    draft->same_as.push_back(*same);
  }
  return absl::OkStatus();
}

absl::Status ServerContext::Build() {
  ticket_keys_ = settings_.ticket_keys;
  if (ticket_keys_ == nullptr) ticket_keys_ = std::make_shared<TicketKeys>();
  Draft draft;
  LB_RETURN_IF_ERROR(ReadEntries(&draft));
  std::map<std::string, Entries> exact;
  std::map<std::string, Entries> wildcards;
  std::map<std::string, std::set<size_t>> refused;  // "!name"
  std::string default_name;
  for (size_t i = 0; i < settings_.entries.size(); ++i) {
    const ServerSettings::Entry& entry = settings_.entries[i];
    std::vector<std::string> names = entry.sni_filters;
    if (names.empty()) names = draft.names[entry.certificate.get()];
    for (std::string name : names) {
      absl::AsciiStrToLower(&name);
      const bool is_negated = name.starts_with('!');
      if (is_negated) name.erase(0, 1);
      if (name.starts_with("*.")) {
        if (!is_negated) wildcards[name.substr(1)].push_back(i);
      } else if (is_negated) {
        refused[name].insert(i);
      } else {
        exact[name].push_back(i);
        if (i == 0 && default_name.empty()) default_name = name;
      }
    }
  }
  for (const auto& [name, entries] : exact) {
    LB_ASSIGN_OR_RETURN(exact_[name], ChoiceOf(entries, &draft));
  }
  for (const auto& [name, entries] : wildcards) {
    LB_ASSIGN_OR_RETURN(wildcards_[name], ChoiceOf(entries, &draft));
  }
  for (const auto& [name, not_these] : refused) {
    if (exact_.contains(name)) continue;
    Entries left;
    const size_t dot = name.find('.');
    if (auto found = wildcards.find(dot == std::string::npos ? "" : name.substr(dot));
        found != wildcards.end()) {
      std::ranges::copy_if(found->second, std::back_inserter(left),
                           [&](size_t entry) { return !not_these.contains(entry); });
    }
    LB_ASSIGN_OR_RETURN(exact_[name], ChoiceOf(left, &draft));
  }
  if (settings_.entries.empty()) {
    // Every name is a wrong one ("strict-sni"): only the refusal is to be sent.
    LB_ASSIGN_OR_RETURN(initial_, IdentityOf({}, &draft));
    return absl::OkStatus();
  }
  // A pair that stands for the first name of the first certificate stands for no name as well.
  auto pair = exact_.find(default_name);
  if (pair != exact_.end() && !pair->second.empty() && pair->second[0]->entries[0] == 0) {
    default_ = pair->second;
  } else {
    LB_ASSIGN_OR_RETURN(default_, ChoiceOf({0}, &draft));
  }
  initial_ = default_[0];
  if (!initial_->has_own_settings) return absl::OkStatus();
  // A connection copies settings from the context that it is made from: they must not be those of
  // one line of a crt-list.
  LB_ASSIGN_OR_RETURN(initial_, IdentityOf({}, &draft));
  return absl::OkStatus();
}

// The identities for `candidates`: one for all kinds of keys that are to be handled like the first,
// then the same for the kinds that are left.
absl::StatusOr<ServerContext::Choice> ServerContext::ChoiceOf(Entries candidates, Draft* draft) {
  Choice choice;
  while (!candidates.empty()) {
    LB_ASSIGN_OR_RETURN(const Identity* identity, IdentityOf(candidates, draft));
    choice.push_back(identity);
    std::erase_if(candidates, [&](size_t entry) { return HasKeyOf(*identity, key_kinds_[entry]); });
  }
  return choice;
}

bool ServerContext::HasKeyOf(const Identity& identity, int kind) const {
  return std::ranges::any_of(identity.entries,
                             [&](size_t entry) { return key_kinds_[entry] == kind; });
}

// The first of `candidates`, and behind it the first of each further kind of key that is to be
// handled in the same way. Of none: the settings of the bind line without a certificate.
absl::StatusOr<const ServerContext::Identity*> ServerContext::IdentityOf(const Entries& candidates,
                                                                         Draft* draft) {
  Entries chosen;
  for (size_t candidate : candidates) {
    const ServerSettings::Entry& first = settings_.entries[candidates.front()];
    const ServerSettings::Entry& entry = settings_.entries[candidate];
    const bool is_like_first = AreAlike(entry, first);
    const bool is_new_kind = std::ranges::none_of(
        chosen, [&](size_t other) { return key_kinds_[other] == key_kinds_[candidate]; });
    if (is_like_first && is_new_kind) chosen.push_back(draft->same_as[candidate]);
  }
  auto [it, is_new] = draft->identities.try_emplace(chosen, nullptr);
  if (!is_new) return it->second;
  auto identity = std::make_unique<Identity>();
  identity->entries = std::move(chosen);
  LB_RETURN_IF_ERROR(SetUp(identity.get(), *draft));
  it->second = identity.get();
  identities_.push_back(std::move(identity));
  return it->second;
}

absl::Status ServerContext::SetUp(Identity* identity, const Draft& draft) const {
  const ServerSettings::Entry* first =
      identity->entries.empty() ? nullptr : &settings_.entries[identity->entries.front()];
  identity->has_own_settings = first != nullptr && first->settings.has_value();
  identity->settings = identity->has_own_settings ? &*first->settings : &settings_.settings;
  const Settings& settings = *identity->settings;
  LB_ASSIGN_OR_RETURN(identity->context, MakeContext(TLS_server_method(), settings));
  SSL_CTX* context = identity->context.get();
  const File* dh_file = settings_.global.dh_parameters.get();
  std::string_view dh_pem = dh_file != nullptr ? std::string_view(dh_file->pem) : "";
  for (size_t entry : identity->entries) {
    const File& file = *settings_.entries[entry].certificate;
    LB_RETURN_IF_ERROR(UseCertificate(context, file.name, draft.certificates.at(&file)));
    if (!file.ocsp.empty()) identity->ocsp = file.ocsp;
    if (!file.dh_pem.empty()) {
      dh_file = &file;
      dh_pem = file.dh_pem;
    }
  }
  LB_RETURN_IF_ERROR(UseDhParameters(context, dh_file, dh_pem, settings_.global.dh_bits));
  if (settings_.prefers_client_ciphers) {
    SSL_CTX_clear_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  }
  LB_RETURN_IF_ERROR(SetUpVerification(
      context, settings,
      identity->has_own_settings ? first->verify_authorities : settings_.verify_authorities,
      identity->has_own_settings ? first->tells_no_authorities : settings_.tells_no_authorities));
  LB_ASSIGN_OR_RETURN(identity->alpn, EncodeAlpn(settings.alpn));
  if (!identity->alpn.empty()) SSL_CTX_set_alpn_select_cb(context, OnAlpn, identity);
  if (!identity->ocsp.empty()) {
    SSL_CTX_set_tlsext_status_cb(context, OnStatusRequest);
    SSL_CTX_set_tlsext_status_arg(context, identity);
  }
  LB_CHECK(SSL_CTX_set_ex_data(context, ServerIndex(), const_cast<ServerContext*>(this)) == 1);
  SSL_CTX_set_client_hello_cb(context, OnClientHello, const_cast<ServerContext*>(this));
  SSL_CTX_set_tlsext_servername_callback(context, OnName);
  ticket_keys_->Install(context);
  // One is enough: every resumption brings another.
  SSL_CTX_set_num_tickets(context, 1);
  // OpenSSL takes a size of 0 for no limit.
  const bool has_cache = settings_.global.cache_size != 0;
  SSL_CTX_set_session_cache_mode(context, has_cache ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
  SSL_CTX_sess_set_cache_size(context, settings_.global.cache_size);
  SSL_CTX_set_timeout(
      context,
      std::chrono::duration_cast<std::chrono::seconds>(settings_.global.session_lifetime).count());
  if (settings_.global.max_record != 0) {
    SSL_CTX_set_max_send_fragment(context, std::max(512u, settings_.global.max_record));
  }
  return absl::OkStatus();
}

absl::Status ServerContext::SetUpVerification(SSL_CTX* context, const Settings& settings,
                                              const FilePtr& verify_authorities,
                                              bool tells_no_authorities) const {
  const std::string id = VerificationId(settings, verify_authorities);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(id.data()),
                                 static_cast<unsigned int>(id.size()));
  if (settings.verify == Verify::kNone) return absl::OkStatus();
  SSL_CTX_set_verify(context,
                     settings.verify == Verify::kRequired
                         ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                         : SSL_VERIFY_PEER,
                     OnVerify);
  if (verify_authorities != nullptr) {
    LB_RETURN_IF_ERROR(TrustAuthorities(context, *verify_authorities));
  }
  if (settings.authorities == nullptr || tells_no_authorities) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(std::vector<X509Ptr> authorities, ReadCertificates(*settings.authorities));
  for (const X509Ptr& authority : authorities) SSL_CTX_add_client_CA(context, authority.get());
  return absl::OkStatus();
}

const ServerContext::Choice* ServerContext::Find(std::string_view name) const {
  const Choice* otherwise = settings_.is_sni_strict ? nullptr : &default_;
  if (name.empty()) return otherwise;
  const Choice* found = nullptr;
  if (auto exact = exact_.find(std::string(name)); exact != exact_.end()) {
    found = &exact->second;
  } else if (const size_t dot = name.find('.'); dot != std::string_view::npos) {
    auto wildcard = wildcards_.find(std::string(name.substr(dot)));
    if (wildcard != wildcards_.end()) found = &wildcard->second;
  }
  return found == nullptr || found->empty() ? otherwise : found;
}

// As HAProxy: ECDSA before RSA before other keys, whatever the order of the lines.
const ServerContext::Identity* ServerContext::Among(const Choice& choice, SSL* connection) const {
  if (choice.size() == 1) return choice[0];
  for (int kind : {EVP_PKEY_EC, EVP_PKEY_RSA}) {
    for (const Identity* identity : choice) {
      if (!HasKeyOf(*identity, kind)) continue;
      const long max = SSL_CTX_get_max_proto_version(identity->context.get());  // NOLINT
      if (CanUseKey(connection, kind, static_cast<int>(max))) return identity;
    }
  }
  auto other = std::ranges::find_if(choice, [&](const Identity* identity) {
    return !HasKeyOf(*identity, EVP_PKEY_EC) && !HasKeyOf(*identity, EVP_PKEY_RSA);
  });
  return other != choice.end() ? *other : choice[0];
}

std::string_view ServerContext::CertificateFor(std::string_view name) const {
  const Choice* choice = Find(absl::AsciiStrToLower({name.data(), name.size()}));
  if (choice == nullptr) return {};
  return settings_.entries[choice->front()->entries.front()].certificate->name;
}

SslPtr ServerContext::NewConnection() const {
  SslPtr connection(SSL_new(initial_->context.get()));
  if (connection != nullptr) SSL_set_accept_state(connection.get());
  return connection;
}

// Before anything is chosen: takes the certificate, and what a crt-list sets beside it, for the
// name that the client asks for and the keys that it can use.
int ServerContext::OnClientHello(SSL* connection, int* alert, void* self) {
  const auto* server = static_cast<const ServerContext*>(self);
  const Choice* choice = server->Find(RequestedName(connection));
  if (choice == nullptr) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_CLIENT_HELLO_ERROR;
  }
  const Identity* identity = server->Among(*choice, connection);
  if (identity == server->initial_) return SSL_CLIENT_HELLO_SUCCESS;
  SSL_CTX* context = identity->context.get();
  SSL_set_SSL_CTX(connection, context);
  if (!identity->has_own_settings) return SSL_CLIENT_HELLO_SUCCESS;
  // These a connection copied from the context that it was made from.
  SSL_set_verify(connection, SSL_CTX_get_verify_mode(context), OnVerify);
  SSL_set_min_proto_version(connection, SSL_CTX_get_min_proto_version(context));
  SSL_set_max_proto_version(connection, SSL_CTX_get_max_proto_version(context));
  const Settings& settings = *identity->settings;
  if (!settings.curves.empty()) SSL_set1_curves_list(connection, settings.curves.c_str());
  if (!settings.sigalgs.empty()) SSL_set1_sigalgs_list(connection, settings.sigalgs.c_str());
  if (!settings.client_sigalgs.empty()) {
    SSL_set1_client_sigalgs_list(connection, settings.client_sigalgs.c_str());
  }
  if (settings.no_tickets) SSL_set_options(connection, SSL_OP_NO_TICKET);
  return SSL_CLIENT_HELLO_SUCCESS;
}

// The certificate is chosen by now. A name that is accepted is acknowledged (RFC 6066 section 3)
// and kept in the session: up to TLS 1.2 a connection that resumes it has the name from there.
int ServerContext::OnName(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

// Source: RFC 7301 section 3.2. No protocol in common: the handshake goes on without one, as with
// HAProxy.
int ServerContext::OnAlpn(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                          const unsigned char* offered, unsigned int offered_bytes,
                          void* identity) {
  const std::string& ours = static_cast<const Identity*>(identity)->alpn;
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_bytes,
                            reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned int>(ours.size()), offered,
                            offered_bytes) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

int ServerContext::OnStatusRequest(SSL* connection, void* identity) {
  const std::string& response = static_cast<const Identity*>(identity)->ocsp;
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(response.data(), response.size()));
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(connection, copy, static_cast<long>(response.size()));  // NOLINT
  return SSL_TLSEXT_ERR_OK;
}

// Source: HAProxy configuration manual, "crt-ignore-err", "ca-ignore-err", "ssl_c_err",
// "ssl_c_ca_err", "ssl_c_ca_err_depth".
int ServerContext::OnVerify(int is_good, X509_STORE_CTX* store) {
  if (is_good == 1) return 1;
  auto* connection =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* server = static_cast<const ServerContext*>(
      SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), ServerIndex()));
  const int error = X509_STORE_CTX_get_error(store);
  const int depth = X509_STORE_CTX_get_error_depth(store);
  VerifyOutcome& outcome = OutcomeOf(connection);
  bool is_ignored = false;
  if (depth > 0) {
    if (outcome.authority_error == 0) {
      outcome.authority_error = error;
      outcome.authority_error_depth = depth;
    }
    is_ignored = server->settings_.ignored_authority_errors.Contains(error);
  } else {
    if (outcome.certificate_error == 0) outcome.certificate_error = error;
    is_ignored = server->settings_.ignored_certificate_errors.Contains(error);
  }
  if (!is_ignored) return 0;
  ERR_clear_error();
  return 1;
}

}  // namespace lb::tls
