#include "controlplane/service/tls_changes.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "common/base/status.h"

namespace lb::service {
namespace {

using config::LoadedTlsFile;

// What a certificate's parts are named after its own name.
constexpr std::string_view kPartExtensions[] = {".key", ".ocsp", ".issuer"};

std::string_view NounOf(v1::TlsFile::Kind kind) {
  switch (kind) {
    case v1::TlsFile::AUTHORITIES:
      return "CA file";
    case v1::TlsFile::REVOCATIONS:
      return "CRL file";
    default:
      return "certificate";
  }
}

absl::StatusOr<std::string> DecodedResponse(const std::string& payload) {
  std::string bytes;
  if (!absl::Base64Unescape(absl::StripAsciiWhitespace(payload), &bytes)) {
    return absl::InvalidArgumentError("the response is not base64");
  }
  return bytes;
}

// What stands behind the leaf.
std::string ChainOf(const std::string& pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  const size_t leaf = pem.find(kBegin);
  const size_t issuer = leaf == std::string::npos ? leaf : pem.find(kBegin, leaf + kBegin.size());
  return issuer == std::string::npos ? std::string() : pem.substr(issuer);
}

// For the history: what is public of the file.
std::string EventText(const v1::TlsFile& file) {
  std::string text = "replaced while serving";
  if (file.kind() != v1::TlsFile::CERTIFICATE) return text;
  const std::vector<config::CertificateInfo> chain = config::DescribeCertificates(file.pem());
  if (chain.empty()) return text;
  absl::StrAppend(&text, ": ", chain[0].subject, ", serial ", chain[0].serial,
                  ", SHA1 fingerprint ", chain[0].sha1);
  return text;
}

}  // namespace

const v1::TlsFile* TlsChanges::Find(Kind kind, const std::string& name) const {
  for (const v1::TlsFile& file : revisions_.serving()->snapshot->tls_files()) {
    if (file.kind() == kind && file.name() == name) return &file;
  }
  return nullptr;
}

const v1::TlsFile* TlsChanges::Pending(Kind kind) const {
  auto found = open_.find(kind);
  return found == open_.end() ? nullptr : &found->second.file;
}

absl::StatusOr<bool> TlsChanges::Set(Kind kind, const std::string& name,
                                     const std::string& payload) {
  std::string whole = name;
  std::string part;
  if (kind == v1::TlsFile::CERTIFICATE && Find(kind, name) == nullptr) {
    for (std::string_view extension : kPartExtensions) {
      if (!name.ends_with(extension)) continue;
      part = extension;
      whole.resize(name.size() - extension.size());
    }
  }
  const v1::TlsFile* serving = Find(kind, whole);
  if (serving == nullptr) {
    return absl::NotFoundError(absl::StrCat("Can't replace a ", std::string(NounOf(kind)),
                                            " which is not referenced by the configuration!"));
  }
  const v1::TlsFile* pending = Pending(kind);
  if (pending != nullptr && pending->name() != whole) {
    return absl::FailedPreconditionError(absl::StrCat("The ongoing transaction is about '",
                                                      pending->name(),
                                                      "' but you are trying to set '", name, "'"));
  }
  Transaction next;
  if (pending != nullptr) {
    next = open_.at(kind);
  } else {
    next.file = *serving;
    next.base = serving->SerializeAsString();
    next.parts = {serving->pem() + serving->dh_pem(), serving->key_pem(), std::nullopt,
                  std::nullopt};
    if (!serving->ocsp().empty()) next.parts.ocsp = serving->ocsp();
  }
  LB_RETURN_IF_ERROR(Put(part, payload, &next));
  open_[kind] = std::move(next);
  return pending == nullptr;
}

absl::Status TlsChanges::Put(const std::string& part, const std::string& payload,
                             Transaction* into) const {
  const std::string name = into->file.name();
  if (part == ".key") {
    if (!config::HasKey(payload)) return absl::InvalidArgumentError("no private key");
    into->parts.key = payload;
    // Of two keys the certificate's own file would win.
    into->parts.pem = into->file.pem() + into->file.dh_pem();
    return absl::OkStatus();
  }
  if (part == ".ocsp") {
    LB_ASSIGN_OR_RETURN(into->parts.ocsp, DecodedResponse(payload));
    return absl::OkStatus();
  }
  if (part == ".issuer") {
    into->parts.issuer = payload;
    return absl::OkStatus();
  }
  const WallTime now = clock_.WallNow();
  if (into->file.kind() == v1::TlsFile::AUTHORITIES) {
    LB_ASSIGN_OR_RETURN(LoadedTlsFile loaded, config::ParseAuthorities(name, payload, now));
    into->file = std::move(loaded.file);
  } else if (into->file.kind() == v1::TlsFile::REVOCATIONS) {
    LB_ASSIGN_OR_RETURN(LoadedTlsFile loaded, config::ParseRevocations(name, payload, now));
    into->file = std::move(loaded.file);
  } else {
    // A key, a response or an issuer of the certificate before would be of no use to this one.
    LB_ASSIGN_OR_RETURN(into->file, config::ReadChain(name, payload));
    into->parts = {payload, std::nullopt, std::nullopt, std::nullopt};
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadedTlsFile> TlsChanges::Finish(const Transaction& transaction) const {
  if (transaction.file.kind() != v1::TlsFile::CERTIFICATE) {
    return LoadedTlsFile{transaction.file, {}};
  }
  const config::CertificateParts& parts = transaction.parts;
  if (!parts.key.has_value() && !config::HasKey(parts.pem)) {
    return absl::InvalidArgumentError(
        "The transaction must contain at least a certificate and a private key!");
  }
  const std::string& name = transaction.file.name();
  LB_ASSIGN_OR_RETURN(LoadedTlsFile loaded,
                      config::ParseCertificate(name, parts, clock_.WallNow()));
  // A certificate alone keeps the chain of the one before, if that is its own: the configuration
  // may have completed it ("issuers-chain-path").
  const v1::TlsFile* serving = Find(v1::TlsFile::CERTIFICATE, name);
  const std::string chain = serving == nullptr ? std::string() : ChainOf(serving->pem());
  if (!chain.empty()) config::CompleteChain({chain}, &loaded.file);
  return loaded;
}

void TlsChanges::Commit(Kind kind, const v1::Origin& origin, Done done) {
  const Transaction& transaction = open_.at(kind);
  const v1::TlsFile* serving = Find(kind, transaction.file.name());
  if (serving == nullptr || serving->SerializeAsString() != transaction.base) {
    Abort(kind);
    done(absl::FailedPreconditionError(
        "The file was replaced since the transaction began: it is closed, begin again"));
    return;
  }
  absl::StatusOr<LoadedTlsFile> loaded = Finish(transaction);
  if (!loaded.ok()) {
    done(loaded.status());
    return;
  }
  Abort(kind);
  Serve(*std::move(loaded), origin, std::move(done));
}

void TlsChanges::Replace(const v1::SetTlsFileRequest& request, Done done) {
  static const std::map<std::string, Kind>* const kKinds =
      new std::map<std::string, Kind>{{"cert", v1::TlsFile::CERTIFICATE},
                                      {"ca-file", v1::TlsFile::AUTHORITIES},
                                      {"crl-file", v1::TlsFile::REVOCATIONS}};
  auto kind = kKinds->find(request.kind());
  if (kind == kKinds->end()) {
    done(absl::InvalidArgumentError(
        absl::StrCat("'", request.kind(), "': expected 'cert', 'ca-file' or 'crl-file'")));
    return;
  }
  const v1::TlsFile* serving = Find(kind->second, request.name());
  if (serving == nullptr) {
    done(absl::NotFoundError(absl::StrCat("the configuration names no ",
                                          std::string(NounOf(kind->second)), " '", request.name(),
                                          "'")));
    return;
  }
  Transaction transaction;
  transaction.file = *serving;
  if (absl::Status status = Put("", request.contents(), &transaction); !status.ok()) {
    done(status);
    return;
  }
  absl::StatusOr<LoadedTlsFile> loaded = Finish(transaction);
  if (!loaded.ok()) {
    done(loaded.status());
    return;
  }
  Serve(*std::move(loaded), request.origin(), std::move(done));
}

void TlsChanges::Serve(LoadedTlsFile loaded, const v1::Origin& origin, Done done) {
  std::string text = EventText(loaded.file);
  auto answer = [warnings = std::move(loaded.warnings),
                 done = std::move(done)](absl::StatusOr<v1::ApplyReply> applied) {
    if (!applied.ok()) {
      done(applied.status());
      return;
    }
    if (!applied->applied()) {
      done(absl::FailedPreconditionError(applied->reason()));
      return;
    }
    v1::SetTlsFileReply reply;
    reply.set_unchanged(applied->unchanged());
    for (const std::string& warning : warnings) reply.add_warnings(warning);
    *reply.mutable_nodes() = std::move(*applied->mutable_nodes());
    done(std::move(reply));
  };
  revisions_.ReplaceFile(std::move(loaded.file), std::move(text), origin, std::move(answer));
}

}  // namespace lb::service
