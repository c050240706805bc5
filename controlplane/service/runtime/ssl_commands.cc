// The commands about the files of TLS settings: show, set, commit and abort "ssl cert", "ssl
// ca-file" and "ssl crl-file".
#include <utility>

#include "absl/strings/str_cat.h"

#include "controlplane/service/runtime/command_call.h"
#include "controlplane/service/runtime/commands.h"

namespace lb::service {
namespace {

// What the commands about one kind of file say.
struct FileKind {
  v1::TlsFile::Kind kind;
  const char* word;       // "set ssl WORD"
  const char* payload;    // what is expected
  const char* begun;      // "BEGUN created for NAME!"
  const char* not_found;  // to "show"
  bool counts;            // its list says how many each file holds
};

constexpr FileKind kKinds[] = {
    {v1::TlsFile::CERTIFICATE, "cert", "a certificate", "Transaction %s for certificate ",
     "Can't display the certificate: Not found or the certificate is a bundle!\n", false},
    {v1::TlsFile::AUTHORITIES, "ca-file", "CAs", "transaction %s for CA ",
     "Can't display the CA file : Not found!\n", true},
    {v1::TlsFile::REVOCATIONS, "crl-file", "CRLs", "transaction %s for CRL ",
     "Can't display the CRL file : Not found!\n", false},
};

// Of the words "show ssl cert", "set ssl cert", ...
const FileKind& KindOf(const std::string& word) {
  for (const FileKind& kind : kKinds) {
    if (word == kind.word) return kind;
  }
  return kKinds[0];
}

std::string ListLine(const FileKind& kind, std::string_view mark, const v1::TlsFile& file,
                     RuntimeBackend* backend) {
  std::string line = absl::StrCat(std::string(mark), file.name());
  if (kind.counts) {
    absl::StrAppend(&line, " - ", backend->DescribeCertificates(file).size(), " certificate(s)");
  }
  return line + "\n";
}

std::string List(const FileKind& kind, const v1::Snapshot& snapshot, RuntimeBackend* backend) {
  std::string text;
  if (const v1::TlsFile* pending = backend->PendingTlsFile(kind.kind); pending != nullptr) {
    absl::StrAppend(&text, "# transaction\n", ListLine(kind, "*", *pending, backend));
  }
  absl::StrAppend(&text, "# filename\n");
  for (const v1::TlsFile& file : snapshot.tls_files()) {
    if (file.kind() == kind.kind) text += ListLine(kind, "", file, backend);
  }
  return text;
}

// The file of that name, or the one whose path below "crt-base" and its like is `name`; null: none,
// or several.
const v1::TlsFile* FindFile(v1::TlsFile::Kind kind, const std::string& name,
                            const v1::Snapshot& snapshot) {
  const v1::TlsFile* found = nullptr;
  size_t count = 0;
  for (const v1::TlsFile& file : snapshot.tls_files()) {
    if (file.kind() != kind) continue;
    if (file.name() == name) return &file;
    if (!file.name().ends_with("/" + name)) continue;
    found = &file;
    ++count;
  }
  return count == 1 ? found : nullptr;
}

// What stands before each certificate of a file but the first.
std::string TitleOf(const FileKind& kind, size_t place) {
  if (kind.kind != v1::TlsFile::CERTIFICATE)
    return absl::StrCat(" \nCertificate #", place + 1, ":\n");
  return place == 0 ? "" : absl::StrCat("\nChain certificate #", place, ":\n");
}

}  // namespace

void RuntimeCommands::ShowTlsFiles(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const FileKind& kind = KindOf(call.Word(2));
    const std::string name = call.Word(3);
    if (name.empty()) return call.Say(List(kind, *view.snapshot, backend_));
    const v1::TlsFile* shown = nullptr;
    const v1::TlsFile* pending = backend_->PendingTlsFile(kind.kind);
    if (name.starts_with('*')) {
      if (pending != nullptr && pending->name() == name.substr(1)) shown = pending;
    } else {
      shown = FindFile(kind.kind, name, *view.snapshot);
    }
    if (shown == nullptr) return call.Say(kind.not_found);
    std::string text = absl::StrCat("Filename: ", name.starts_with('*') ? "*" : "", shown->name(),
                                    "\nStatus: ", shown == pending ? "Unused\n" : "Used\n");
    const std::string who =
        shown == pending ? "" : backend_->WhoReplacedTlsFile(kind.kind, shown->name());
    if (!who.empty()) {
      absl::StrAppend(&text, "Replaced: ", who, "; until a configuration is applied\n");
    }
    const std::vector<std::string> certificates = backend_->DescribeCertificates(*shown);
    for (size_t i = 0; i < certificates.size(); ++i) {
      absl::StrAppend(&text, TitleOf(kind, i), certificates[i]);
    }
    call.Say(std::move(text));
  });
}

void RuntimeCommands::SetTlsFile(const Call& call) {
  const FileKind& kind = KindOf(call.Word(2));
  const std::string name = call.Word(3);
  if (name.empty() || !call.payload.has_value() || call.payload->empty()) {
    return call.Say(absl::StrCat("'set ssl ", kind.word, " expects a filename and ", kind.payload,
                                 " as a payload\n"));
  }
  const absl::StatusOr<bool> is_new = backend_->SetTlsFile(kind.kind, name, *call.payload);
  if (!is_new.ok()) {
    const bool is_payload = absl::IsInvalidArgument(is_new.status());
    return call.Say(absl::StrCat(is_new.status().message(), "\n",
                                 is_payload ? "Can't load the payload\n" : "", "Can't update ",
                                 name, "!\n"));
  }
  std::string text = kind.begun;
  text.replace(text.find("%s"), 2, *is_new ? "created" : "updated");
  call.Say(absl::StrCat(text, backend_->PendingTlsFile(kind.kind)->name(), "!\n"));
}

void RuntimeCommands::CommitTlsFile(const Call& call) {
  const FileKind& kind = KindOf(call.Word(2));
  const std::string name = call.Word(3);
  if (name.empty()) {
    return call.Say(absl::StrCat("'commit ssl ", kind.word, " expects a filename\n"));
  }
  const v1::TlsFile* pending = backend_->PendingTlsFile(kind.kind);
  if (pending == nullptr) {
    return call.Say(absl::StrCat("No ongoing transaction! !\nCan't commit ", name, "!\n"));
  }
  if (pending->name() != name) {
    return call.Say(absl::StrCat("The ongoing transaction is about '", pending->name(),
                                 "' but you are trying to set '", name, "'\nCan't commit ", name,
                                 "!\n"));
  }
  backend_->CommitTlsFile(
      kind.kind, call.origin, [call, name](const absl::StatusOr<std::string>& done) {
        if (absl::IsInvalidArgument(done.status())) {
          return call.Say(absl::StrCat(done.status().message(), "\nCan't commit ", name, "!\n"));
        }
        const std::string begun = absl::StrCat("Committing ", name, ".\n");
        if (!done.ok())
          return call.Say(absl::StrCat(begun, done.status().message(), "\nFailed!\n"));
        call.Say(absl::StrCat(begun, *done, "Success!\n"));
      });
}

void RuntimeCommands::AbortTlsFile(const Call& call) {
  const FileKind& kind = KindOf(call.Word(2));
  const std::string name = call.Word(3);
  if (name.empty()) {
    return call.Say(absl::StrCat("'abort ssl ", kind.word, "' expects a filename\n"));
  }
  const v1::TlsFile* pending = backend_->PendingTlsFile(kind.kind);
  if (pending == nullptr) return call.Say("No ongoing transaction!\n");
  if (pending->name() != name) {
    return call.Say(absl::StrCat("The ongoing transaction is about '", pending->name(),
                                 "' but you are trying to abort a transaction for '", name, "'\n"));
  }
  backend_->AbortTlsFile(kind.kind);
  call.Say(absl::StrCat("Transaction aborted for certificate '", name, "'!\n"));
}

// Which files there are is the configuration's to say, so that all data planes and the history
// agree on it.
void RuntimeCommands::RefuseTlsFile(const Call& call) {
  call.Say(absl::StrCat("'", call.Word(0), " ssl ", call.Word(2),
                        "' is not supported: name the file in the configuration and apply it.\n"));
}

}  // namespace lb::service
