#include "dataplane/server/documents.h"

#include <algorithm>
#include <utility>

#include "common/stats/html.h"
#include "common/stats/prometheus.h"
#include "common/stats/render_rows.h"

namespace lb::server {
namespace {

using stats::Field;
using stats::Row;

// Rows of the proxies that the page shows: those of "stats scope", or all.
void KeepScopes(const proxy::StatsPage& page, std::vector<Row>* rows) {
  if (page.scopes.empty()) return;
  std::erase_if(*rows, [&](const Row& row) {
    return std::find(page.scopes.begin(), page.scopes.end(), row.text(Field::kPxname)) ==
           page.scopes.end();
  });
}

// ";up" leaves out the servers that are down.
void KeepUp(std::vector<Row>* rows) {
  std::erase_if(*rows, [](const Row& row) {
    return row.kind() == stats::RowKind::kServer && row.text(Field::kStatus).substr(0, 4) == "DOWN";
  });
}

bool Has(std::string_view query, std::string_view word) {
  return query.find(word) != std::string_view::npos;
}

}  // namespace

void Documents::SetServing(std::shared_ptr<const v1::Snapshot> snapshot,
                           std::shared_ptr<const ServingSet> serving, ProcessConstants process,
                           const std::vector<v1::ServerState>& states) {
  stats::StateMap by_id;
  for (const v1::ServerState& state : states) by_id[state.id()] = state;
  std::lock_guard<std::mutex> lock(mutex_);
  view_.snapshot = std::move(snapshot);
  view_.serving = std::move(serving);
  view_.process = process;
  view_.states = std::move(by_id);
}

void Documents::SetStates(const std::vector<v1::ServerState>& states) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const v1::ServerState& state : states) view_.states[state.id()] = state;
}

void Documents::SetRates(std::shared_ptr<const RateTable> rates) {
  std::lock_guard<std::mutex> lock(mutex_);
  view_.rates = std::move(rates);
}

Documents::Content Documents::Collect() const {
  View view;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    view = view_;
  }
  if (view.snapshot == nullptr) return {};
  const WallTime now = clock_.WallNow();
  const v1::Counters counters =
      CollectCounters(*view.serving, *view.rates, *load_, view.process, now);
  stats::ProcessInput input;
  input.version = version_;
  input.snapshot = view.snapshot.get();
  input.counters = counters.process();
  for (const auto& frontend : view.serving->config->frontends) {
    input.listeners += frontend->binds.size();
  }
  input.now_unix_ms = counters.at_unix_ms();
  return {stats::BuildProcessItems(input),
          stats::BuildRows(*view.snapshot, counters, view.states, counters.at_unix_ms())};
}

proxy::LocalDocument Documents::StatsDocument(const proxy::Config& /*config*/,
                                              const proxy::StatsPage& page,
                                              std::string_view query) {
  Content content = Collect();
  KeepScopes(page, &content.rows);
  if (Has(query, ";up")) KeepUp(&content.rows);
  proxy::LocalDocument document;
  if (Has(query, ";csv")) {
    document.content_type = "text/plain";
    document.body = stats::RenderCsv(content.rows);
  } else if (Has(query, ";json")) {
    document.content_type = "application/json";
    document.body = stats::RenderJson(content.rows);
  } else {
    stats::PageOptions options;
    options.uri = page.uri;
    if (!page.hide_version) options.version = version_;
    options.node = page.node;
    options.description = page.description;
    options.refresh_seconds = Has(query, ";norefresh") ? 0 : page.refresh_seconds;
    options.show_legends = page.show_legends;
    document.content_type = "text/html";
    document.body = stats::RenderHtml(content.process, content.rows, options);
  }
  return document;
}

proxy::LocalDocument Documents::PrometheusDocument(const proxy::Config& /*config*/,
                                                   std::string_view /*query*/) {
  const Content content = Collect();
  proxy::LocalDocument document;
  document.content_type = stats::kPrometheusContentType;
  document.body = stats::RenderPrometheus(content.process, content.rows);
  return document;
}

}  // namespace lb::server
