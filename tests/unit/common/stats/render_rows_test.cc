#include "common/stats/render_rows.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <nlohmann/json.hpp>

#include "tests/unit/common/stats/stats_fixture.h"

namespace lb::stats {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// As HAProxy 2.6 prints it.
constexpr char kHeader[] =
    "# "
    "pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,"
    "status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,"
    "tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,"
    "hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_"
    "abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,"
    "agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_"
    "health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_"
    "tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,qtime_"
    "max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_"
    "est,uweight,agg_server_status,agg_server_check_status,agg_check_status,-,ssl_sess,ssl_reused_"
    "sess,ssl_failed_handshake,h2_headers_rcvd,h2_data_rcvd,h2_settings_rcvd,h2_rst_stream_rcvd,h2_"
    "goaway_rcvd,h2_detected_conn_protocol_errors,h2_detected_strm_protocol_errors,h2_rst_stream_"
    "resp,h2_goaway_resp,h2_open_connections,h2_backend_open_streams,h2_total_connections,h2_"
    "backend_total_streams,h1_open_connections,h1_open_streams,h1_total_connections,h1_total_"
    "streams,h1_bytes_in,h1_bytes_out,h1_spliced_bytes_in,h1_spliced_bytes_out,"
    "h2_glitches,\n";

std::string Line(const std::string& text, const std::string& start) {
  const size_t at = text.find("\n" + start);
  if (at == std::string::npos) return "";
  return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

TEST(RenderCsv, BeginsWithHaproxysHeader) {
  EXPECT_EQ(RenderCsv({}), kHeader);
  EXPECT_THAT(RenderCsv(Fixture().Rows()), StartsWith(kHeader));
}

TEST(RenderCsv, PutsEveryValueInItsColumn) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_UP, "UP", 10)->set_maxconn(50);
  const std::string line = Line(RenderCsv(f.Rows()), "pool,s1,");
  EXPECT_THAT(line, StartsWith("pool,s1,0,0,0,0,50,0,0,0,,0,,0,0,0,0,UP,10,1,0,0,0,3,0,,1,3,1,,0,,"
                               "2,0,,0,L7OK,200,4,0,0,0,0,0,0,,,,0,0,0,"));
  EXPECT_EQ(std::count(line.begin(), line.end(), ','), static_cast<long>(kFieldCount));
  EXPECT_THAT(line, HasSubstr(",-,"));
}

TEST(RenderCsv, QuotesOnlyWhatNeedsIt) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_DOWN, "DOWN");
  f.State("s1").set_last_check("refused, twice \"now\"");
  EXPECT_THAT(RenderCsv(f.Rows()), HasSubstr(",\"refused, twice \"\"now\"\"\","));
  f.State("s1").set_last_check("Connection refused");
  EXPECT_THAT(RenderCsv(f.Rows()), HasSubstr(",Connection refused,"));
}

TEST(RenderTyped, NamesEveryValuePresent) {
  Fixture f;
  f.AddServer("s1", v1::SERVER_UP, "UP");
  const std::string text = RenderTyped(f.Rows());
  EXPECT_THAT(text, StartsWith("F.2.0.0.pxname.1:KNS:str:front\n"));
  EXPECT_THAT(text, HasSubstr("\nS.3.1.17.status.1:SGP:str:UP\n"));
  EXPECT_THAT(text, HasSubstr("\nS.3.1.55.lastsess.1:MAP:s32:-1\n"));
  EXPECT_THAT(text, Not(HasSubstr("S.3.1.29.throttle")));
}

TEST(RenderJson, IsValidAndHasHaproxysMembers) {
  Fixture f;
  f.AddServer("s\"1", v1::SERVER_DOWN, "DOWN");
  f.State("s\"1").set_last_check("bad byte \xff, tab\t, caf\xc3\xa9");
  const auto json = nlohmann::json::parse(RenderJson(f.Rows()), nullptr, /*exceptions=*/false);
  ASSERT_FALSE(json.is_discarded());
  ASSERT_EQ(json.size(), 3u);
  EXPECT_EQ(json[0][0]["objType"], "Frontend");
  bool has_seen_check = false;
  for (const auto& item : json[1]) {
    EXPECT_EQ(item["objType"], "Server");
    EXPECT_EQ(item["proxyId"], 3);
    if (item["field"]["name"] != "last_chk") continue;
    has_seen_check = true;
    EXPECT_EQ(item["value"]["value"], "bad byte \xef\xbf\xbd, tab\t, caf\xc3\xa9");
    EXPECT_EQ(item["tags"]["nature"], "Output");
  }
  EXPECT_TRUE(has_seen_check);
}

}  // namespace
}  // namespace lb::stats
