// BackendFixture: a backend with its servers, as the registry would make it, for tests of balancing
// and queueing.
#ifndef LB_TESTS_TESTING_BACKEND_FIXTURE_H_
#define LB_TESTS_TESTING_BACKEND_FIXTURE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/upstream/backend.h"

namespace lb::testing {

class BackendFixture {
 public:
  explicit BackendFixture(upstream::Algorithm algorithm, size_t workers = 1)
      : runtime(std::make_shared<upstream::BackendRuntime>(BackendIdOf("b"), "b", workers)) {
    balance.algorithm = algorithm;
  }

  // Adds a server; change what it has through the returned entry, then Build().
  upstream::ServerEntry* Add(const std::string& name, uint32_t weight = 1, uint32_t maxconn = 0) {
    auto config = std::make_shared<upstream::ServerConfig>();
    config->id = ServerIdOf("b", name);
    config->name = name;
    config->weight = weight;
    config->maxconn = maxconn;
    upstream::ServerEntry entry;
    entry.runtime = std::make_shared<upstream::ServerRuntime>(config->id, "b", name, 1);
    entry.weight = weight;
    entry.maxconn = maxconn;
    entry.config = std::move(config);
    entries.push_back(std::move(entry));
    return &entries.back();
  }
  upstream::ServerEntry* AddBackup(const std::string& name) {
    upstream::ServerEntry* entry = Add(name);
    auto config = std::make_shared<upstream::ServerConfig>(*entry->config);
    config->is_backup = true;
    entry->config = std::move(config);
    return entry;
  }

  void Build(bool all_backups = false, uint64_t fullconn = 0) {
    view = upstream::BuildView(entries, all_backups, fullconn);
    runtime->set_view(0, view);
  }

  // The chosen server's name, or "" when there is none. Its place stays taken.
  std::string Choose(uint64_t random = 0, const upstream::ServerRuntime* avoid = nullptr) {
    std::optional<upstream::Candidate> chosen = runtime->Choose(*view, balance, random, avoid);
    return chosen.has_value() ? chosen->config->name : "";
  }
  // As Choose(), and gives the place back.
  std::string Visit(uint64_t random = 0, const upstream::ServerRuntime* avoid = nullptr) {
    std::optional<upstream::Candidate> chosen = runtime->Choose(*view, balance, random, avoid);
    if (!chosen.has_value()) return "";
    chosen->runtime->ReleasePlace();
    return chosen->config->name;
  }
  std::vector<std::string> Visits(int count) {
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back(Visit());
    return names;
  }

  std::shared_ptr<upstream::BackendRuntime> runtime;
  upstream::Balance balance;
  std::vector<upstream::ServerEntry> entries;
  std::shared_ptr<const upstream::BackendView> view;
};

}  // namespace lb::testing

#endif  // LB_TESTS_TESTING_BACKEND_FIXTURE_H_
