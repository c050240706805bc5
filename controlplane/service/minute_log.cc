#include "controlplane/service/minute_log.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "controlplane/service/history.h"

namespace lb::service {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr uint64_t kShownSeconds = 3600;
constexpr char kFrontend[] = "FRONTEND";
constexpr char kBackend[] = "BACKEND";

int64_t MinuteOf(int64_t unix_ms) { return unix_ms - unix_ms % kMinuteMs; }

v1::Minute ToProto(const store::MinuteRecord& record) {
  v1::Minute minute;
  minute.set_at_unix_ms(record.at_unix_ms);
  minute.set_sessions(record.sessions);
  minute.set_requests(record.requests);
  minute.set_bytes_in(record.bytes_in);
  minute.set_bytes_out(record.bytes_out);
  minute.set_responses_4xx(record.responses_4xx);
  minute.set_responses_5xx(record.responses_5xx);
  minute.set_denied(record.denied);
  minute.set_request_errors(record.request_errors);
  minute.set_connect_errors(record.connect_errors);
  minute.set_response_errors(record.response_errors);
  minute.set_max_queue(record.max_queue);
  minute.set_failed_checks(record.failed_checks);
  return minute;
}

// Whether the configuration names it; else in words what is missing.
absl::Status Known(const ServerBook& book, const std::string& proxy, const std::string& name) {
  if (name == kFrontend) {
    const bool is_there = std::ranges::any_of(
        book.snapshot()->frontends(),
        [&](const v1::Frontend& frontend) { return frontend.common().name() == proxy; });
    return is_there ? absl::OkStatus() : absl::NotFoundError("No such frontend.");
  }
  if (book.FindBackend(proxy) == nullptr) return absl::NotFoundError("No such backend.");
  if (name == kBackend || book.Find(ServerIdOf(proxy, name)) != nullptr) return absl::OkStatus();
  return absl::NotFoundError("No such server.");
}

}  // namespace

MinuteLog::MinuteLog(const Parts& parts)
    : parts_(parts), sums_(NowUnixMs()), minute_unix_ms_(MinuteOf(NowUnixMs())) {}

int64_t MinuteLog::NowUnixMs() const { return UnixMillis(parts_.loop->clock().WallNow()); }

void MinuteLog::Begin() {
  sums_.Begin(parts_.book->AllStates());
  Arm();
}

void MinuteLog::Arm() {
  const int64_t left = kMinuteMs - NowUnixMs() % kMinuteMs;
  parts_.loop->SetTimer(this, parts_.loop->now() + Millis(left));
}

void MinuteLog::OnReport(const std::string& name, const fleet::Node& node) {
  sums_.Observe(name, node.hello, node.counters);
}

void MinuteLog::OnExpired() {
  Write();
  Arm();
}

void MinuteLog::Write() {
  if (parts_.book->snapshot() == nullptr) return;
  std::vector<store::MinuteRecord> records =
      sums_.Close(*parts_.book->snapshot(), parts_.book->AllStates(), minute_unix_ms_);
  minute_unix_ms_ = MinuteOf(NowUnixMs());
  if (records.empty()) return;
  parts_.store->Write([records = std::move(records)](store::StateStore* store) {
    return store->AddMinutes(records);
  });
}

void MinuteLog::History(const v1::GetHistoryRequest& request,
                        std::function<void(absl::StatusOr<v1::GetHistoryReply>)> done) {
  const uint64_t seconds = request.since_seconds() == 0 ? kShownSeconds : request.since_seconds();
  store::MinuteQuery query;
  query.proxy = request.proxy();
  query.name = request.name().empty() ? kBackend : request.name();
  // The minute that holds the moment counts as a whole.
  const int64_t now = NowUnixMs();
  const int64_t back = static_cast<int64_t>(std::min(seconds, static_cast<uint64_t>(now) / 1000));
  query.since_unix_ms = MinuteOf(now - back * 1000);
  const absl::Status known = Known(*parts_.book, query.proxy, query.name);
  parts_.store->Read(
      [query](store::StateStore* store) { return store->ListMinutes(query); },
      [known, done = std::move(done)](absl::StatusOr<std::vector<store::MinuteRecord>> minutes) {
        if (!minutes.ok()) {
          done(minutes.status());
          return;
        }
        // What has gone from the configuration still has its history.
        if (minutes->empty() && !known.ok()) {
          done(known);
          return;
        }
        v1::GetHistoryReply reply;
        for (const store::MinuteRecord& record : *minutes) *reply.add_minutes() = ToProto(record);
        done(std::move(reply));
      });
}

}  // namespace lb::service
