// The commands that show the files of TLS settings: show ssl cert, show ssl ca-file.
#include <utility>

#include "absl/strings/str_cat.h"

#include "controlplane/service/runtime/command_call.h"
#include "controlplane/service/runtime/commands.h"

namespace lb::service {
namespace {

const v1::TlsFile* FindFile(const v1::Snapshot& snapshot, v1::TlsFile::Kind kind,
                            const std::string& name) {
  for (const v1::TlsFile& file : snapshot.tls_files()) {
    if (file.kind() == kind && file.name() == name) return &file;
  }
  return nullptr;
}

}  // namespace

void RuntimeCommands::ShowSslCertificate(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const std::string name = call.Word(3);
    if (name.empty()) {
      std::string text = "# filename\n";
      for (const v1::TlsFile& file : view.snapshot->tls_files()) {
        if (file.kind() == v1::TlsFile::CERTIFICATE) absl::StrAppend(&text, file.name(), "\n");
      }
      return call.Say(std::move(text));
    }
    const v1::TlsFile* file = FindFile(*view.snapshot, v1::TlsFile::CERTIFICATE, name);
    if (file == nullptr) {
      return call.Say("Can't display the certificate: Not found or the certificate is a bundle!\n");
    }
    const std::vector<std::string> certificates = backend_->DescribeCertificates(*file);
    std::string text = absl::StrCat("Filename: ", name, "\nStatus: Used\n");
    for (size_t i = 0; i < certificates.size(); ++i) {
      if (i > 0) absl::StrAppend(&text, "\nChain certificate #", i, ":\n");
      absl::StrAppend(&text, certificates[i]);
    }
    call.Say(std::move(text));
  });
}

void RuntimeCommands::ShowSslAuthorities(const Call& call) {
  backend_->GetView(RuntimeBackend::Needs::kConfigAndStates, [this, call](const RuntimeView& view) {
    const std::string name = call.Word(3);
    if (name.empty()) {
      std::string text = "# filename\n";
      for (const v1::TlsFile& file : view.snapshot->tls_files()) {
        if (file.kind() != v1::TlsFile::AUTHORITIES) continue;
        absl::StrAppend(&text, file.name(), " - ", backend_->DescribeCertificates(file).size(),
                        " certificate(s)\n");
      }
      return call.Say(std::move(text));
    }
    const v1::TlsFile* file = FindFile(*view.snapshot, v1::TlsFile::AUTHORITIES, name);
    if (file == nullptr) return call.Say("Can't display the CA file : Not found!\n");
    const std::vector<std::string> certificates = backend_->DescribeCertificates(*file);
    std::string text = absl::StrCat("Filename: ", name, "\nStatus: Used\n");
    for (size_t i = 0; i < certificates.size(); ++i) {
      absl::StrAppend(&text, " \nCertificate #", i + 1, ":\n", certificates[i]);
    }
    call.Say(std::move(text));
  });
}

}  // namespace lb::service
