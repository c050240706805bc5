#include "common/stats/prometheus.h"

#include <map>
#include <set>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/unit/common/stats/stats_fixture.h"

namespace lb::stats {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Every metric of HAProxy 2.6's exporter but those of listeners, with its type.
constexpr char kHaproxyMetrics[] = R"(
haproxy_process_nbthread gauge
haproxy_process_nbproc gauge
haproxy_process_relative_process_id gauge
haproxy_process_uptime_seconds gauge
haproxy_process_pool_failures_total counter
haproxy_process_max_fds gauge
haproxy_process_max_sockets gauge
haproxy_process_max_connections gauge
haproxy_process_hard_max_connections gauge
haproxy_process_current_connections gauge
haproxy_process_connections_total counter
haproxy_process_requests_total counter
haproxy_process_max_ssl_connections gauge
haproxy_process_current_ssl_connections gauge
haproxy_process_ssl_connections_total counter
haproxy_process_max_pipes gauge
haproxy_process_pipes_used_total counter
haproxy_process_pipes_free_total counter
haproxy_process_current_connection_rate gauge
haproxy_process_limit_connection_rate gauge
haproxy_process_max_connection_rate gauge
haproxy_process_current_session_rate gauge
haproxy_process_limit_session_rate gauge
haproxy_process_max_session_rate gauge
haproxy_process_current_ssl_rate gauge
haproxy_process_limit_ssl_rate gauge
haproxy_process_max_ssl_rate gauge
haproxy_process_current_frontend_ssl_key_rate gauge
haproxy_process_max_frontend_ssl_key_rate gauge
haproxy_process_frontend_ssl_reuse gauge
haproxy_process_current_backend_ssl_key_rate gauge
haproxy_process_max_backend_ssl_key_rate gauge
haproxy_process_ssl_cache_lookups_total counter
haproxy_process_ssl_cache_misses_total counter
haproxy_process_http_comp_bytes_in_total counter
haproxy_process_http_comp_bytes_out_total counter
haproxy_process_limit_http_comp gauge
haproxy_process_current_zlib_memory gauge
haproxy_process_max_zlib_memory gauge
haproxy_process_current_tasks gauge
haproxy_process_current_run_queue gauge
haproxy_process_idle_time_percent gauge
haproxy_process_stopping gauge
haproxy_process_jobs gauge
haproxy_process_listeners gauge
haproxy_process_unstoppable_jobs gauge
haproxy_process_active_peers gauge
haproxy_process_connected_peers gauge
haproxy_process_dropped_logs_total counter
haproxy_process_busy_polling_enabled gauge
haproxy_process_failed_resolutions counter
haproxy_process_bytes_out_total counter
haproxy_process_spliced_bytes_out_total counter
haproxy_process_bytes_out_rate gauge
haproxy_process_recv_logs_total counter
haproxy_process_build_info gauge
haproxy_process_max_memory_bytes gauge
haproxy_process_pool_allocated_bytes gauge
haproxy_process_pool_used_bytes gauge
haproxy_process_start_time_seconds gauge
haproxy_frontend_current_sessions gauge
haproxy_frontend_max_sessions gauge
haproxy_frontend_limit_sessions gauge
haproxy_frontend_sessions_total counter
haproxy_frontend_bytes_in_total counter
haproxy_frontend_bytes_out_total counter
haproxy_frontend_requests_denied_total counter
haproxy_frontend_responses_denied_total counter
haproxy_frontend_request_errors_total counter
haproxy_frontend_status gauge
haproxy_frontend_limit_session_rate gauge
haproxy_frontend_max_session_rate gauge
haproxy_frontend_http_responses_total counter
haproxy_frontend_http_requests_rate_max gauge
haproxy_frontend_http_requests_total counter
haproxy_frontend_http_comp_bytes_in_total counter
haproxy_frontend_http_comp_bytes_out_total counter
haproxy_frontend_http_comp_bytes_bypassed_total counter
haproxy_frontend_http_comp_responses_total counter
haproxy_frontend_connections_rate_max gauge
haproxy_frontend_connections_total counter
haproxy_frontend_intercepted_requests_total counter
haproxy_frontend_denied_connections_total counter
haproxy_frontend_denied_sessions_total counter
haproxy_frontend_failed_header_rewriting_total counter
haproxy_frontend_http_cache_lookups_total counter
haproxy_frontend_http_cache_hits_total counter
haproxy_frontend_internal_errors_total counter
haproxy_backend_current_queue gauge
haproxy_backend_max_queue gauge
haproxy_backend_current_sessions gauge
haproxy_backend_max_sessions gauge
haproxy_backend_limit_sessions gauge
haproxy_backend_sessions_total counter
haproxy_backend_bytes_in_total counter
haproxy_backend_bytes_out_total counter
haproxy_backend_requests_denied_total counter
haproxy_backend_responses_denied_total counter
haproxy_backend_connection_errors_total counter
haproxy_backend_response_errors_total counter
haproxy_backend_retry_warnings_total counter
haproxy_backend_redispatch_warnings_total counter
haproxy_backend_status gauge
haproxy_backend_weight gauge
haproxy_backend_active_servers gauge
haproxy_backend_backup_servers gauge
haproxy_backend_check_up_down_total counter
haproxy_backend_check_last_change_seconds gauge
haproxy_backend_downtime_seconds_total counter
haproxy_backend_loadbalanced_total counter
haproxy_backend_max_session_rate gauge
haproxy_backend_http_responses_total counter
haproxy_backend_http_requests_total counter
haproxy_backend_client_aborts_total counter
haproxy_backend_server_aborts_total counter
haproxy_backend_http_comp_bytes_in_total counter
haproxy_backend_http_comp_bytes_out_total counter
haproxy_backend_http_comp_bytes_bypassed_total counter
haproxy_backend_http_comp_responses_total counter
haproxy_backend_last_session_seconds gauge
haproxy_backend_queue_time_average_seconds gauge
haproxy_backend_connect_time_average_seconds gauge
haproxy_backend_response_time_average_seconds gauge
haproxy_backend_total_time_average_seconds gauge
haproxy_backend_failed_header_rewriting_total counter
haproxy_backend_connection_attempts_total counter
haproxy_backend_connection_reuses_total counter
haproxy_backend_http_cache_lookups_total counter
haproxy_backend_http_cache_hits_total counter
haproxy_backend_max_queue_time_seconds gauge
haproxy_backend_max_connect_time_seconds gauge
haproxy_backend_max_response_time_seconds gauge
haproxy_backend_max_total_time_seconds gauge
haproxy_backend_internal_errors_total counter
haproxy_backend_uweight gauge
haproxy_backend_agg_server_status gauge
haproxy_backend_agg_server_check_status gauge
haproxy_backend_agg_check_status gauge
haproxy_server_current_queue gauge
haproxy_server_max_queue gauge
haproxy_server_current_sessions gauge
haproxy_server_max_sessions gauge
haproxy_server_limit_sessions gauge
haproxy_server_sessions_total counter
haproxy_server_bytes_in_total counter
haproxy_server_bytes_out_total counter
haproxy_server_responses_denied_total counter
haproxy_server_connection_errors_total counter
haproxy_server_response_errors_total counter
haproxy_server_retry_warnings_total counter
haproxy_server_redispatch_warnings_total counter
haproxy_server_status gauge
haproxy_server_weight gauge
haproxy_server_check_failures_total counter
haproxy_server_check_up_down_total counter
haproxy_server_check_last_change_seconds gauge
haproxy_server_downtime_seconds_total counter
haproxy_server_queue_limit gauge
haproxy_server_current_throttle gauge
haproxy_server_loadbalanced_total counter
haproxy_server_max_session_rate gauge
haproxy_server_check_status gauge
haproxy_server_check_code gauge
haproxy_server_check_duration_seconds gauge
haproxy_server_http_responses_total counter
haproxy_server_client_aborts_total counter
haproxy_server_server_aborts_total counter
haproxy_server_last_session_seconds gauge
haproxy_server_queue_time_average_seconds gauge
haproxy_server_connect_time_average_seconds gauge
haproxy_server_response_time_average_seconds gauge
haproxy_server_total_time_average_seconds gauge
haproxy_server_failed_header_rewriting_total counter
haproxy_server_connection_attempts_total counter
haproxy_server_connection_reuses_total counter
haproxy_server_idle_connections_current gauge
haproxy_server_idle_connections_limit gauge
haproxy_server_max_queue_time_seconds gauge
haproxy_server_max_connect_time_seconds gauge
haproxy_server_max_response_time_seconds gauge
haproxy_server_max_total_time_seconds gauge
haproxy_server_internal_errors_total counter
haproxy_server_unsafe_idle_connections_current gauge
haproxy_server_safe_idle_connections_current gauge
haproxy_server_used_connections_current gauge
haproxy_server_need_connections_current gauge
haproxy_server_uweight gauge
)";

std::map<std::string, std::string> HaproxyTypes() {
  std::map<std::string, std::string> types;
  std::istringstream lines(kHaproxyMetrics);
  for (std::string name, type; lines >> name >> type;) types[name] = type;
  return types;
}

std::string Export(const Fixture& f) { return RenderPrometheus(f.Process(), f.Rows()); }

TEST(Prometheus, UsesOnlyNamesAndTypesThatHaproxyHas) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_UP, "UP");
  std::map<std::string, std::string> known = HaproxyTypes();
  ASSERT_EQ(known.size(), 187u);
  // Those of HTTP/2, which it has in its CSV only, and the glitches, which are ours.
  for (const char* name : {"total_connections", "detected_conn_protocol_errors",
                           "detected_strm_protocol_errors", "glitches"}) {
    known.emplace(std::string("haproxy_frontend_h2_") + name, "counter");
  }
  std::istringstream lines(Export(f));
  int metrics = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, word, name, type;
    words >> hash >> word >> name >> type;
    if (word != "TYPE") continue;
    ++metrics;
    auto found = known.find(name);
    ASSERT_NE(found, known.end()) << name;
    EXPECT_EQ(type, found->second) << name;
  }
  EXPECT_GT(metrics, 110);
}

TEST(Prometheus, EverySampleFollowsItsHelpAndTypeOnce) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_UP, "UP");
  f.AddServer("s2", v1::SERVER_NO_CHECK, "no check");
  std::set<std::string> seen;
  std::string current;
  std::istringstream lines(Export(f));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      current = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(seen.insert(current).second) << current << " twice";
    } else if (!line.starts_with("#")) {
      EXPECT_EQ(line.substr(0, line.find_first_of("{ ")), current);
    }
  }
}

TEST(Prometheus, AServersStateIsOneOfFive) {
  struct Case {
    std::string text, state;
  };
  for (const Case& c : std::vector<Case>{{"UP", "UP"},
                                         {"UP 1/3", "UP"},
                                         {"no check", "UP"},
                                         {"DOWN", "DOWN"},
                                         {"DOWN 1/2", "DOWN"},
                                         {"MAINT", "MAINT"},
                                         {"DRAIN", "DRAIN"}}) {
    Fixture f;
    f.AddServer("s1", v1::SERVER_UP, c.text);
    const std::string text = Export(f);
    for (std::string state : {"UP", "DOWN", "MAINT", "DRAIN", "NOLB"}) {
      EXPECT_THAT(text, HasSubstr("haproxy_server_status{proxy=\"pool\",server=\"s1\",state=\"" +
                                  state + "\"} " + (state == c.state ? "1" : "0") + "\n"))
          << c.text;
    }
    EXPECT_THAT(text, HasSubstr("haproxy_backend_agg_server_status{proxy=\"pool\",state=\"" +
                                c.state + "\"} 1\n"));
  }
}

TEST(Prometheus, ShowsTimesInSecondsAndResponsesByClass) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_UP, "UP");
  f.Count("s1")->set_response_time_ms(1234);
  const std::string text = Export(f);
  EXPECT_THAT(text, HasSubstr("haproxy_server_response_time_average_seconds{proxy=\"pool\","
                              "server=\"s1\"} 1.234000\n"));
  EXPECT_THAT(text,
              HasSubstr("haproxy_frontend_http_responses_total{proxy=\"front\",code=\"2xx\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("haproxy_frontend_http_requests_total{proxy=\"front\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("haproxy_process_nbthread 2\n"));
  EXPECT_THAT(text, HasSubstr("haproxy_process_build_info{version=\"1.2.3\"} 1\n"));
}

TEST(Prometheus, LeavesOutWhatHasNoValue) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_NO_CHECK, "no check");
  const std::string text = Export(f);
  EXPECT_THAT(text, Not(HasSubstr("haproxy_server_check_status")));
  EXPECT_THAT(text, Not(HasSubstr("haproxy_server_limit_sessions")));
  EXPECT_THAT(text, Not(HasSubstr("NaN")));
}

TEST(Prometheus, EscapesLabels) {
  Fixture f;
  f.AddServer("a\\b\"c", v1::SERVER_UP, "UP");
  EXPECT_THAT(Export(f), HasSubstr("server=\"a\\\\b\\\"c\""));
}

}  // namespace
}  // namespace lb::stats
