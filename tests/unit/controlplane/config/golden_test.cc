// Golden tests: every tests/golden/*.cfg and conf/examples/*.cfg is compiled and compared with
// NAME.textproto (the snapshot and the control plane's settings) and NAME.diag (what was reported).
// A file that is absent stands for "nothing". LB_UPDATE_GOLDEN=1 rewrites them.
//
// A case may set variables: lines "# env: NAME=value" anywhere in it.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

#include "common/snapshot/hash.h"
#include "controlplane/config/compile.h"

namespace lb::config {
namespace {

namespace fs = std::filesystem;

// ctest runs in the source tree; by hand, run it from there.
fs::path SourceDir() { return fs::current_path(); }
fs::path GoldenDir() { return SourceDir() / "tests/golden"; }

std::string ReadOrEmpty(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  return text.str();
}

// What the examples expect in their environment.
std::map<std::string, std::string> ExampleVariables() {
  std::map<std::string, std::string> variables = {
      {"SYSLOG_ADDR", "127.0.0.1:5514"}, {"RUN_DIR", "/run/lb"},
      {"SCRIPT_DIR", "/etc/lb"},         {"CERT_DIR", "/etc/lb/certs"},
      {"WEB1", "127.0.0.1:8001"},        {"WEB2", "127.0.0.1:8002"},
      {"BLOG1", "127.0.0.1:8003"},       {"API1", "127.0.0.1:8011"},
      {"API2", "127.0.0.1:8012"},        {"API3", "127.0.0.1:8013"},
      {"MYSQL1", "127.0.0.1:3301"},      {"MYSQL2", "127.0.0.1:3302"},
      {"MYSQL3", "127.0.0.1:3303"},      {"SET1_NODE1", "127.0.0.1:6301"},
      {"SET1_NODE2", "127.0.0.1:6302"},  {"SET1_NODE3", "127.0.0.1:6303"}};
  int port = 9000;
  for (const char* name : {"STATS_PORT", "HTTP_PORT", "HTTPS_PORT", "PRIMARY_PORT", "REPLICA_PORT",
                           "ANY_PORT", "SET1_MASTER_PORT", "SET1_REPLICA_PORT"}) {
    variables[name] = absl::StrCat(++port);
  }
  return variables;
}

std::map<std::string, std::string> VariablesOf(const std::string& text) {
  std::map<std::string, std::string> variables;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const std::string& line : lines) {
    const std::string prefix = "# env: ";
    const size_t equals = line.find('=');
    if (!line.starts_with(prefix) || equals == std::string::npos) continue;
    variables[line.substr(prefix.size(), equals - prefix.size())] = line.substr(equals + 1);
  }
  return variables;
}

// The certificates of the tests are in a folder of their own, for those and for the examples.
fs::path PathOf(std::string_view path) {
  constexpr std::string_view kCerts = "/etc/lb/certs";
  if (path.starts_with(kCerts)) {
    return SourceDir() / "tests/testing/certs" / fs::path(path).lexically_relative(kCerts);
  }
  return GoldenDir() / std::string(path);
}

Environment FakeEnvironment(std::map<std::string, std::string> variables) {
  Environment env;
  env.getenv = [variables](std::string_view name) -> std::optional<std::string> {
    auto it = variables.find(std::string(name));
    if (it == variables.end()) return std::nullopt;
    return it->second;
  };
  env.read_file = [](std::string_view path) -> absl::StatusOr<std::string> {
    const fs::path file = PathOf(path);
    if (!fs::is_regular_file(file)) {
      return absl::NotFoundError(absl::StrCat("cannot read '", std::string(path), "'"));
    }
    return ReadOrEmpty(file);
  };
  env.list_directory = [](std::string_view path) -> absl::StatusOr<std::vector<std::string>> {
    const fs::path directory = PathOf(path);
    if (!fs::is_directory(directory)) return absl::NotFoundError("no directory");
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
    }
    return names;
  };
  env.now = [] { return WallTime(std::chrono::days(22'000)); };  // in March 2030
  env.resolve = [](std::string_view host) -> absl::StatusOr<std::vector<Address>> {
    if (host == "web.example") {
      return std::vector<Address>{*Address::FromIp("2001:db8::10", 0),
                                  *Address::FromIp("192.0.2.10", 0)};
    }
    return absl::NotFoundError(absl::StrCat("cannot resolve '", std::string(host), "'"));
  };
  return env;
}

std::string PrintControl(const ControlSettings& control) {
  std::string out;
  for (const StatsSocket& socket : control.stats_sockets) {
    absl::StrAppend(&out, "# stats socket ", socket.address, " mode ", socket.mode, " user '",
                    socket.user, "' group '", socket.group, "' level ", socket.level,
                    socket.expose_fd ? " expose-fd" : "", "\n");
  }
  absl::StrAppend(&out, "# stats timeout ", control.stats_timeout.count(), "ms maxconn ",
                  control.stats_maxconn, "\n");
  absl::StrAppend(&out, "# pidfile '", control.pidfile, "' user '", control.user, "' group '",
                  control.group, "' chroot '", control.chroot, "'\n");
  absl::StrAppend(&out, "# daemon ", control.daemon, " master-worker ", control.master_worker,
                  " external-check ", control.external_check_allowed, "\n");
  return out;
}

// Of files of TLS the record has what tells them apart, and no key.
std::string Sha256(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), length});
}

void HideContents(v1::TlsFile* file) {
  for (std::string* contents : {file->mutable_pem(), file->mutable_key_pem(), file->mutable_ocsp(),
                                file->mutable_dh_pem()}) {
    if (!contents->empty()) *contents = absl::StrCat("SHA-256 ", Sha256(*contents));
  }
}

std::string PrintSnapshot(const Compiled& compiled) {
  v1::Snapshot snapshot = compiled.snapshot;
  for (v1::TlsFile& file : *snapshot.mutable_tls_files()) HideContents(&file);
  std::string text;
  google::protobuf::TextFormat::PrintToString(snapshot, &text);
  return absl::StrCat(PrintControl(compiled.control), text);
}

void Compare(const fs::path& golden, const std::string& actual) {
  if (std::getenv("LB_UPDATE_GOLDEN") != nullptr) {
    if (actual.empty()) {
      fs::remove(golden);
    } else {
      std::ofstream(golden, std::ios::binary) << actual;
    }
    return;
  }
  EXPECT_EQ(ReadOrEmpty(golden), actual) << golden << "; LB_UPDATE_GOLDEN=1 rewrites it";
}

std::vector<fs::path> Cases() {
  std::vector<fs::path> cases;
  for (const fs::path& directory : {GoldenDir(), SourceDir() / "conf/examples"}) {
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (entry.path().extension() == ".cfg") cases.push_back(entry.path());
    }
  }
  std::ranges::sort(cases);
  return cases;
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, CompilesAsRecorded) {
  const fs::path path = GetParam();
  const bool is_example = path.parent_path() != GoldenDir();
  const std::string text = ReadOrEmpty(path);
  std::map<std::string, std::string> variables = VariablesOf(text);
  if (is_example) variables.merge(ExampleVariables());
  Diagnostics diagnostics;
  const std::optional<Compiled> compiled =
      Compile({{path.filename().string(), text}}, FakeEnvironment(variables), &diagnostics);
  EXPECT_EQ(compiled.has_value(), !diagnostics.has_errors());
  const fs::path base =
      GoldenDir() / absl::StrCat(is_example ? "example_" : "", path.stem().string());
  Compare(base.string() + ".diag", diagnostics.Render());
  Compare(base.string() + ".textproto", compiled ? PrintSnapshot(*compiled) : "");
}

TEST_P(Golden, CompilesTheSameTwice) {
  const std::string text = ReadOrEmpty(GetParam());
  std::map<std::string, std::string> variables = VariablesOf(text);
  variables.merge(ExampleVariables());
  std::vector<std::string> hashes;
  for (int run = 0; run < 2; ++run) {
    Diagnostics diagnostics;
    const auto compiled = Compile({{"x.cfg", text}}, FakeEnvironment(variables), &diagnostics);
    hashes.push_back(compiled ? SnapshotHash(compiled->snapshot) : diagnostics.Render());
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

INSTANTIATE_TEST_SUITE_P(AllFiles, Golden, testing::ValuesIn(Cases()), [](const auto& test) {
  std::string name =
      test.param.parent_path().filename().string() + "_" + test.param.stem().string();
  std::ranges::replace_if(
      name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace lb::config
