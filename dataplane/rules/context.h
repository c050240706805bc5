// TxnContext: everything a program (expression, condition, rule, log format) may see and change.
//
// The proxy owns one per exchange and fills in pointers as facts appear; a null pointer or an empty
// name means "not known yet", and fetches that need it give nothing. Rules change the heads through
// it and leave their wishes (log level, variables, captures) in it. Belongs to one exchange on one
// worker thread.
#ifndef LB_DATAPLANE_RULES_CONTEXT_H_
#define LB_DATAPLANE_RULES_CONTEXT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/base/ids.h"
#include "dataplane/http/arena.h"
#include "dataplane/http/message.h"
#include "dataplane/rules/variables.h"

struct ssl_st;

namespace lb::rules {

// What fetches ask about proxies other than by name. Implemented by the worker; called on its
// thread, must not block.
class ProxyLookup {
 public:
  struct FrontendFacts {
    uint32_t current_sessions = 0;
  };
  struct BackendFacts {
    uint32_t usable_servers = 0;  // as nbsrv() counts: the backups only when no other is usable
    uint32_t current_sessions = 0;
    uint32_t queued = 0;  // backend queue and server queues together
  };
  struct ServerFacts {
    bool is_up = false;
    uint32_t current_sessions = 0;
    uint32_t queued = 0;
    uint32_t weight = 0;
  };

  virtual ~ProxyLookup() = default;
  // nullopt: there is none with this id.
  virtual std::optional<FrontendFacts> FindFrontend(FrontendId id) const = 0;
  virtual std::optional<BackendFacts> FindBackend(BackendId id) const = 0;
  virtual std::optional<ServerFacts> FindServer(ServerId id) const = 0;
};

// The bodies of the exchange's messages, as far as they have come. Implemented by the proxy; called
// on the worker's thread.
class BodyLookup {
 public:
  virtual ~BodyLookup() = default;
  // Without chunks; lasts until more of the message is received or passed on.
  virtual std::string_view RequestBody() = 0;
  virtual std::string_view ResponseBody() = 0;
};

// Constant for the process.
struct ProcessFacts {
  std::string hostname;
  uint32_t pid = 0;
};

// A proxy or server as expressions and logs name it. `number` is HAProxy's iid or sid.
struct NamedNumber {
  std::string_view name;
  uint32_t number = 0;
};

// What is only known at the end of an exchange (or connection), for log lines. Times in whole
// milliseconds; -1: the exchange ended before that stage.
struct LogFacts {
  WallTime accepted_at;      // %t %T %Ts %ms: the connection was accepted, or in HTTP the moment it
                             // became ready for this request
  WallTime request_at;       // %tr %trg %trl: the request's first byte
  int32_t handshake_ms = 0;  // Th
  int32_t idle_ms = 0;       // Ti
  int32_t request_ms = -1;   // TR
  int32_t queue_ms = -1;     // Tw
  int32_t connect_ms = -1;   // Tc
  int32_t response_ms = -1;  // Tr
  int64_t total_ms = 0;      // Tt: since accepted_at; Ta, Td, Tq and Tu are derived

  int32_t status = 0;           // ST: 0 prints as "0", as in TCP mode; -1: none was sent
  uint64_t bytes_read = 0;      // B: sent to the client, heads included
  uint64_t bytes_uploaded = 0;  // U
  std::array<char, 4> termination = {'-', '-', '-', '-'};  // ts: the first two; tsc: all

  uint32_t process_connections = 0;   // ac
  uint32_t frontend_connections = 0;  // fc
  uint32_t backend_connections = 0;   // bc
  uint32_t server_connections = 0;    // sc
  uint32_t retries = 0;               // rc
  bool was_redispatched = false;      // '+' before the retries
  uint32_t server_queue = 0;          // sq
  uint32_t backend_queue = 0;         // bq
  uint64_t log_counter = 0;           // lc: of the frontend
  uint64_t request_counter = 0;       // rt: requests (HTTP) or sessions (TCP) of the process

  std::string_view request_cookie;   // CC; empty: "-"
  std::string_view response_cookie;  // CS; empty: "-"
  std::string_view ssl_version;      // sslv; empty: "-"
  std::string_view ssl_cipher;       // sslc; empty: "-"
  std::string_view unique_id;        // ID; empty: "-"
  bool is_log_asap = false;          // written before the end: '+' before bytes and totals
};

// "http-request set-log-level".
inline constexpr int kLogLevelUnset = -1;
inline constexpr int kLogLevelSilent = -2;

struct TxnContext {
  // Must be set before any evaluation.
  http::Arena* arena = nullptr;    // texts made by programs; lasts as long as the exchange
  std::string* scratch = nullptr;  // the worker's; its content is nobody's
  const Clock* clock = nullptr;
  uint64_t* random_state = nullptr;  // the worker's; any seed
  const ProcessFacts* process = nullptr;

  const ProxyLookup* lookup = nullptr;  // null: nbsrv() and its like give nothing

  // The connection.
  const Address* client = nullptr;
  const Address* local = nullptr;  // what the client connected to
  uint32_t listener_number = 0;    // %cp %fp of a unix socket; so_id
  std::string_view listener_name;  // so_name
  bool is_ssl = false;             // ssl_fc, "~" after the frontend's name
  ssl_st* client_tls = nullptr;    // OpenSSL's connection; null: plain, or its handshake is to come
  ssl_st* server_tls = nullptr;    // the same to the server
  unsigned long server_tls_error =
      0;                          // NOLINT: OpenSSL's, of the last failed handshake with a server
  uint8_t http_major = 1;         // fc_http_major
  bool has_proxy_header = false;  // fc_rcvd_proxy
  std::string_view proxy_authority;  // fc_pp_authority; empty: none
  std::string_view proxy_unique_id;  // fc_pp_unique_id; empty: none

  NamedNumber frontend;
  NamedNumber backend;               // empty: none chosen yet
  std::string_view default_backend;  // fe_defbe
  NamedNumber server;                // empty: none yet; "<STATS>" when the proxy itself answers
  const Address* server_address = nullptr;
  const Address* upstream_local = nullptr;  // our side of the connection to the server

  BodyLookup* bodies = nullptr;  // null: there are none
  // The messages. Set `response` only while response rules or logs may look at it.
  http::RequestHead* request = nullptr;
  http::ResponseHead* response = nullptr;
  std::string_view request_line;  // %r %HM %HU ...: as received; empty: "<BADREQ>"
  bool is_first_request = true;   // of the connection: http_first_req
  std::string_view unique_id;     // by "unique-id-format"; empty: none

  // What a TCP client has sent so far, for rules on content. `content_bytes` is known in HTTP mode
  // too, where the texts are not.
  std::string_view content;
  size_t content_bytes = 0;
  // More may come: what it could change is undecided as yet. Fetches say so in `may_change`.
  bool awaits_content = false;
  bool may_be_request = false;  // and `content` can still become an HTTP request
  bool may_change = false;

  // Variables by scope; null: the scope does not exist here (no value, setting is ignored).
  VariableSet* proc_vars = nullptr;
  VariableSet* sess_vars = nullptr;
  VariableSet* txn_vars = nullptr;
  VariableSet* req_vars = nullptr;
  VariableSet* res_vars = nullptr;

  // Slots of "http-request|http-response capture" and "capture request|response header". Sized to
  // HttpRules::capture_slots() by the rules; texts in the arena. Empty list: %hr prints nothing.
  std::vector<std::string_view> request_captures;
  std::vector<std::string_view> response_captures;

  // Wishes left by rules.
  bool expects_proxy_header = false;  // "expect-proxy"
  int log_level = kLogLevelUnset;     // or kLogLevelSilent, or a syslog severity 0 to 7

  // Only set while a log line is made.
  const LogFacts* log = nullptr;
};

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_CONTEXT_H_
