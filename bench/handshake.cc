// bench_handshake: TLS handshakes in a closed loop. One thread, one epoll set, `--connections` at a
// time; each connects, shakes hands, says close_notify, and counts once the peer has closed too.
// Prints one JSON object at the end, with the fields of bench_load's.
//
//   --tls 1.2|1.3   the only version offered
//   --resume        offers the session of a first handshake; one that is not resumed is "failed"
//   --duration S    seconds
//
// One key exchange (X25519; P-256 behind it, for certificates of that curve) and one cipher
// (AES-128-GCM) are offered, so that every peer does the same work. The certificate's signature is
// verified, its chain is not.

#include <getopt.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "bench/counters.h"
#include "bench/socket.h"

namespace lb::bench {
namespace {

constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr uint64_t kRetryPauseNs = 1'000'000;
constexpr int kFirstHandshakeMs = 5000;

struct Options {
  sockaddr_in target{};
  size_t connections = 16;
  int version = TLS1_3_VERSION;
  bool resumes = false;
  double duration_seconds = 1;
};

struct Connection {
  int fd = -1;
  SSL* ssl = nullptr;
  bool is_open = false;  // the handshake is over
  uint64_t started_ns = 0;
};

[[noreturn]] void DieOfTls(const char* what) {
  std::fprintf(stderr, "bench_handshake: %s\n", what);
  ERR_print_errors_fp(stderr);
  std::exit(1);
}

SSL_SESSION* g_session = nullptr;  // the newest one a server gave

int KeepSession(SSL*, SSL_SESSION* session) {
  if (g_session != nullptr) SSL_SESSION_free(g_session);
  g_session = session;
  return 1;
}

SSL_CTX* CreateContext(int version) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  const bool ok = context != nullptr && SSL_CTX_set_min_proto_version(context, version) == 1 &&
                  SSL_CTX_set_max_proto_version(context, version) == 1 &&
                  SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1 &&
                  SSL_CTX_set_cipher_list(
                      context, "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256") == 1 &&
                  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1;
  if (!ok) DieOfTls("cannot set TLS up");
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  return context;
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        epoll_(CreateEpoll()),
        context_(CreateContext(options.version)),
        connections_(options.connections) {}

  // Until the end; then prints the counters.
  void Run() {
    if (options_.resumes) FetchSession();
    const uint64_t begin_ns = NowNs();
    const auto end_ns = begin_ns + static_cast<uint64_t>(options_.duration_seconds * 1e9);
    for (Connection& c : connections_) Open(c);
    epoll_event events[256];
    while (NowNs() < end_ns) {
      const int count = epoll_wait(epoll_, events, 256, /*timeout=*/unopened_.empty() ? 100 : 1);
      for (int i = 0; i < count; ++i) OnEvent(*static_cast<Connection*>(events[i].data.ptr));
      Reopen();
    }
    counters_.Print(begin_ns, NowNs());
  }

 private:
  // One handshake by itself, kept until the server has sent a session to come back with.
  void FetchSession() {
    SSL_CTX_sess_set_new_cb(context_, KeepSession);
    const int fd = StartConnect(options_.target);
    if (fd < 0) Die("connect");
    SSL* ssl = SSL_new(context_);
    if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) DieOfTls("cannot begin a handshake");
    SSL_set_connect_state(ssl);
    while (g_session == nullptr || !SSL_SESSION_is_resumable(g_session)) {
      char byte;
      const int got = SSL_read(ssl, &byte, 1);  // takes the handshake and the tickets along
      if (got > 0) continue;
      const int error = SSL_get_error(ssl, got);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        DieOfTls("the server gave no session");
      }
      if (g_session != nullptr && SSL_SESSION_is_resumable(g_session)) break;
      pollfd waiting{
          .fd = fd,
          .events = static_cast<int16_t>(error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT),
          .revents = 0};
      if (poll(&waiting, 1, kFirstHandshakeMs) != 1) DieOfTls("the server gave no session in time");
    }
    SSL_CTX_sess_set_new_cb(context_, nullptr);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
  }

  void Open(Connection& c) {
    c = Connection{};
    c.started_ns = NowNs();
    c.fd = StartConnect(options_.target);
    if (c.fd < 0) return Lose(c, counters_.connect_errors);
    c.ssl = SSL_new(context_);
    if (c.ssl == nullptr || SSL_set_fd(c.ssl, c.fd) != 1) DieOfTls("cannot begin a handshake");
    SSL_set_connect_state(c.ssl);
    if (options_.resumes) OfferSession(c.ssl);
    EpollAdd(epoll_, c.fd, kEvents, &c);
  }

  // A copy of the session: OpenSSL lets each TLS 1.3 session of its own be used once.
  static void OfferSession(SSL* ssl) {
    SSL_SESSION* session = SSL_SESSION_dup(g_session);
    if (session == nullptr || SSL_set_session(ssl, session) != 1) DieOfTls("cannot resume");
    SSL_SESSION_free(session);
  }

  void OnEvent(Connection& c) {
    if (c.fd < 0) return;
    ERR_clear_error();
    if (!c.is_open) {
      const int done = SSL_do_handshake(c.ssl);
      if (done != 1) {
        const int error = SSL_get_error(c.ssl, done);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
          Lose(c, counters_.resets);
        return;
      }
      c.is_open = true;
      if (options_.resumes && SSL_session_reused(c.ssl) != 1) return Lose(c, counters_.failed);
      SSL_shutdown(c.ssl);
      shutdown(c.fd, SHUT_WR);
    }
    // Tickets and the peer's own close_notify go by; its end is what is waited for.
    char ignored[4096];
    ssize_t count;
    while ((count = recv(c.fd, ignored, sizeof(ignored), 0)) > 0) {
    }
    if (count < 0 && errno == EAGAIN) return;
    counters_.latency.Record(NowNs() - c.started_ns);
    ++counters_.requests;
    Close(c);
    Open(c);
  }

  void Close(Connection& c) {
    SSL_free(c.ssl);
    close(c.fd);
    c.ssl = nullptr;
    c.fd = -1;
  }

  // Counts the loss in `counter`; the connection is opened again after a pause.
  void Lose(Connection& c, uint64_t& counter) {
    ++counter;
    if (c.fd >= 0) Close(c);
    unopened_.push_back(&c);
    retry_ns_ = NowNs() + kRetryPauseNs;
  }

  void Reopen() {
    if (unopened_.empty() || NowNs() < retry_ns_) return;
    std::vector<Connection*> lost;
    lost.swap(unopened_);
    for (Connection* c : lost) Open(*c);
  }

  const Options options_;
  Counters counters_;
  const int epoll_;
  SSL_CTX* const context_;
  std::vector<Connection> connections_;
  std::vector<Connection*> unopened_;  // lost, to be opened again at retry_ns_
  uint64_t retry_ns_ = 0;
};

int Main(int argc, char** argv) {
  static const option kOptions[] = {
      {"tls", required_argument, nullptr, 'v'},         {"target", required_argument, nullptr, 't'},
      {"connections", required_argument, nullptr, 'c'}, {"resume", no_argument, nullptr, 'r'},
      {"duration", required_argument, nullptr, 'd'},    {}};
  Options options;
  for (int c; (c = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    if (c == 'v')
      options.version = std::string_view(optarg) == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
    if (c == 't') options.target = ParseAddress(optarg);
    if (c == 'c') options.connections = std::strtoul(optarg, nullptr, 10);
    if (c == 'r') options.resumes = true;
    if (c == 'd') options.duration_seconds = std::strtod(optarg, nullptr);
    if (c == '?') return 2;
  }
  if (options.target.sin_port == 0 || options.connections == 0) return 2;
  signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  static Load load(options);
  load.Run();
  return 0;
}

}  // namespace
}  // namespace lb::bench

int main(int argc, char** argv) { return lb::bench::Main(argc, argv); }
