// Documents: the statistics page and the Prometheus metrics, from this data plane's own counters
// and the states it was told.
//
// Workers ask on their threads; the main thread sets what there is to show. A short lock guards the
// pointers and the states; counters are read from atomics outside of it.
#ifndef LB_DATAPLANE_SERVER_DOCUMENTS_H_
#define LB_DATAPLANE_SERVER_DOCUMENTS_H_

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/stats/process.h"
#include "common/stats/row.h"
#include "dataplane/proxy/worker_context.h"
#include "dataplane/server/counters.h"
#include "lb/v1/snapshot.pb.h"

namespace lb::server {

class Documents : public proxy::DocumentSource {
 public:
  // `load` and `clock` are borrowed.
  Documents(std::string version, const proxy::ProcessLoad* load, const Clock& clock)
      : version_(std::move(version)), load_(load), clock_(clock) {}

  // Main thread.
  void SetServing(std::shared_ptr<const v1::Snapshot> snapshot,
                  std::shared_ptr<const ServingSet> serving, ProcessConstants process,
                  const std::vector<v1::ServerState>& states);
  void SetStates(const std::vector<v1::ServerState>& states);
  void SetRates(std::shared_ptr<const RateTable> rates);

  proxy::LocalDocument StatsDocument(const proxy::Config& config, const proxy::StatsPage& page,
                                     std::string_view query) override;
  proxy::LocalDocument PrometheusDocument(const proxy::Config& config,
                                          std::string_view query) override;

 private:
  // One consistent look.
  struct View {
    std::shared_ptr<const v1::Snapshot> snapshot;  // null: nothing serves yet
    std::shared_ptr<const ServingSet> serving;
    std::shared_ptr<const RateTable> rates = std::make_shared<RateTable>();
    ProcessConstants process;
    stats::StateMap states;
  };
  struct Content {
    std::vector<stats::ProcessItem> process;
    std::vector<stats::Row> rows;
  };
  Content Collect() const;

  const std::string version_;
  const proxy::ProcessLoad* const load_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  View view_;  // guarded by mutex_
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_DOCUMENTS_H_
