#include "controlplane/service/runtime/runtime_server.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"

#include "common/base/address.h"
#include "common/base/status.h"
#include "common/event/task.h"
#include "common/event/waiter.h"
#include "common/net/socket.h"
#include "common/net/stream.h"
#include "controlplane/service/runtime/dialogue.h"

namespace lb::service {
namespace {

using event::Task;
using net::IoResult;
using net::IoStatus;

// HAProxy's buffer, and so the longest line that its own tools send.
constexpr size_t kMaxLineBytes = 16 * 1024;
// After accept(2) failed for want of descriptors: when to try again.
constexpr Millis kAcceptPause(100);

std::string UserName(uid_t uid) {
  const passwd* user = ::getpwuid(uid);
  return user != nullptr ? user->pw_name : absl::StrCat("uid ", uid);
}

CommandOrigin OriginOf(int fd, const std::string& listener_address) {
  CommandOrigin origin;
  origin.program = "runtime socket";
  const Address peer = Address::PeerOf(fd);
  if (peer.is_ip()) {
    origin.host = peer.ToString();
    return origin;
  }
  origin.host = listener_address;
  ucred credentials = {};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    origin.user = UserName(credentials.uid);
  }
  return origin;
}

absl::StatusOr<UniqueFd> AdoptListener(const std::string& address) {
  int number = -1;
  const char* end = address.data() + address.size();
  const auto [stop, error] = std::from_chars(address.data() + 3, end, number);
  if (error != std::errc() || stop != end || number < 0) {
    return absl::InvalidArgumentError(absl::StrCat("'", address, "': expected fd:NUMBER"));
  }
  UniqueFd fd(::fcntl(number, F_DUPFD_CLOEXEC, 3));
  int is_listening = 0;
  socklen_t size = sizeof is_listening;
  if (!fd.valid() || ::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0 ||
      is_listening == 0) {
    return absl::InvalidArgumentError(absl::StrCat("'", address, "': not a listening socket"));
  }
  if (::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK) != 0) {
    return ErrnoStatus(errno, address);
  }
  return fd;
}

absl::StatusOr<UniqueFd> OpenListener(const RuntimeSocket& socket) {
  if (socket.address.starts_with("fd:")) return AdoptListener(socket.address);
  LB_ASSIGN_OR_RETURN(const Address address, Address::Parse(socket.address));
  net::ListenOptions options;
  options.reuse_port = false;
  options.mode = socket.mode;
  options.user = socket.user;
  options.group = socket.group;
  return net::Listen(address, options);
}

// The reply that a coroutine waits for. Shared with the command, which may outlive the connection.
struct PendingReply {
  explicit PendingReply(event::EventLoop* loop) : source(loop) {}
  event::Source source;
  std::string text;
};

Task<bool> WriteAll(net::Stream* stream, std::string text, Millis timeout) {
  size_t sent = 0;
  while (sent < text.size()) {
    const IoResult wrote = stream->Write(text.data() + sent, text.size() - sent);
    if (wrote.ok()) {
      sent += wrote.bytes;
      continue;
    }
    if (wrote.status != IoStatus::kAgain) co_return false;
    const SteadyTime deadline = stream->loop()->now() + timeout;
    const event::WakeReason reason =
        co_await Wait(stream->loop(), {stream, event::kWritable}, deadline);
    if (reason == event::WakeReason::kTimeout) co_return false;
  }
  co_return true;
}

// Reads until `input` holds a line, and cuts it off. False at the end, at the time limit, and when
// a line is too long.
Task<bool> ReadLine(net::Stream* stream, std::string* input, std::string* line, Millis timeout) {
  for (;;) {
    const size_t end = input->find('\n');
    if (end != std::string::npos) {
      line->assign(*input, 0, end);
      input->erase(0, end + 1);
      co_return true;
    }
    if (input->size() > kMaxLineBytes) co_return false;
    char space[4096];
    const IoResult got = stream->Read(space, sizeof space);
    if (got.ok()) {
      input->append(space, got.bytes);
      continue;
    }
    if (got.status != IoStatus::kAgain) co_return false;
    const SteadyTime deadline = stream->loop()->now() + timeout;
    const event::WakeReason reason =
        co_await Wait(stream->loop(), {stream, event::kReadable}, deadline);
    if (reason == event::WakeReason::kTimeout) co_return false;
  }
}

// The reply to one line, however long it takes: a change waits for the disk and every data plane.
Task<std::string> Answer(event::EventLoop* loop, std::shared_ptr<Dialogue> dialogue,
                         std::string line) {
  auto pending = std::make_shared<PendingReply>(loop);
  dialogue->TakeLine(line, [pending](std::string reply) {
    pending->text = std::move(reply);
    pending->source.Raise(event::kSignalled);
  });
  if (!pending->source.is_ready(event::kSignalled)) {
    const event::WakeReason answered =
        co_await Wait(loop, {&pending->source, event::kSignalled}, SteadyTime::max());
    (void)answered;
  }
  co_return std::move(pending->text);
}

Task<void> Converse(net::Stream* stream, std::shared_ptr<Dialogue> dialogue, Millis timeout) {
  std::string input;
  std::string line;
  for (;;) {
    const Millis limit = dialogue->timeout().value_or(timeout);
    const bool has_line = co_await ReadLine(stream, &input, &line, limit);
    if (!has_line) co_return;
    std::string reply = co_await Answer(stream->loop(), dialogue, line);
    const bool was_sent = co_await WriteAll(stream, std::move(reply), limit);
    if (!was_sent || dialogue->wants_end()) co_return;
    // Without a prompt, a conversation ends with the lines that came together.
    if (!dialogue->stays_open() && input.find('\n') == std::string::npos) co_return;
  }
}

}  // namespace

// One listening socket and the coroutine that accepts from it.
class RuntimeServer::Listener {
 public:
  Listener(RuntimeServer* server, RuntimeSocket socket, UniqueFd fd)
      : room(server->loop_),
        server_(server),
        socket_(std::move(socket)),
        fd_(std::move(fd)),
        pollable_(server->loop_) {
    if (IsUnix()) has_file_ = ::stat(Path().c_str(), &file_) == 0;
    pollable_.Watch(fd_.get());
    accepting_.Start(AcceptForever(this));
  }
  // Takes the socket's file away, unless a successor has put its own in the place.
  ~Listener() {
    struct stat now = {};
    if (has_file_ && ::stat(Path().c_str(), &now) == 0 && now.st_ino == file_.st_ino &&
        now.st_dev == file_.st_dev) {
      ::unlink(Path().c_str());
    }
  }

  const RuntimeSocket& socket() const { return socket_; }
  bool IsUnix() const { return socket_.address.starts_with("unix:/"); }
  // For a socket that is not a file: takes another level, of the same address.
  void set_level(AccessLevel level) { socket_.level = level; }

  event::Source room;  // signalled when a connection has ended

 private:
  std::string Path() const { return socket_.address.substr(5); }
  static Task<void> AcceptForever(Listener* self);

  RuntimeServer* const server_;
  RuntimeSocket socket_;
  UniqueFd fd_;
  event::Pollable pollable_;
  struct stat file_ = {};
  bool has_file_ = false;
  event::Root accepting_;
};

// One client: its stream, what it may do, and the coroutine that serves it.
class RuntimeServer::Connection {
 public:
  Connection(RuntimeServer* server, UniqueFd fd, CommandContext context)
      : stream_(server->loop_, std::move(fd), /*is_connected=*/true),
        dialogue_(Dialogue::Make(server->commands_, std::move(context))) {}

  void Start(Millis timeout, std::function<void()> on_done) {
    conversation_.Start(Converse(&stream_, dialogue_, timeout), std::move(on_done));
  }

 private:
  net::Stream stream_;
  std::shared_ptr<Dialogue> dialogue_;
  event::Root conversation_;
};

Task<void> RuntimeServer::Listener::AcceptForever(Listener* self) {
  event::EventLoop* const loop = self->server_->loop_;
  for (;;) {
    if (self->server_->connections_.size() >= self->server_->settings_.max_connections) {
      self->room.Clear(event::kSignalled);
      const event::WakeReason freed =
          co_await Wait(loop, {&self->room, event::kSignalled}, SteadyTime::max());
      (void)freed;
      continue;
    }
    UniqueFd fd(::accept4(self->fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      self->server_->Begin(std::move(fd), self->socket_);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN) {
      self->pollable_.Clear(event::kReadable);
      const event::WakeReason arrived =
          co_await Wait(loop, {&self->pollable_, event::kReadable}, SteadyTime::max());
      (void)arrived;
      continue;
    }
    // Out of descriptors or memory.
    const SteadyTime again = loop->now() + kAcceptPause;
    const event::WakeReason waited = co_await WaitUntil(loop, again);
    (void)waited;
  }
}

RuntimeServer::RuntimeServer(event::EventLoop* loop, RuntimeCommands* commands)
    : loop_(loop), commands_(commands), self_(std::make_shared<RuntimeServer*>(this)) {}

RuntimeServer::~RuntimeServer() = default;

absl::Status RuntimeServer::Configure(const RuntimeServerSettings& settings) {
  std::vector<std::unique_ptr<Listener>> fresh;
  std::vector<std::pair<size_t, AccessLevel>> kept;  // places in listeners_
  for (const RuntimeSocket& socket : settings.sockets) {
    const auto same = std::find_if(
        listeners_.begin(), listeners_.end(), [&socket](const std::unique_ptr<Listener>& have) {
          return have->socket() == socket ||
                 (!have->IsUnix() && have->socket().address == socket.address);
        });
    if (same != listeners_.end()) {
      kept.emplace_back(static_cast<size_t>(same - listeners_.begin()), socket.level);
      continue;
    }
    absl::StatusOr<UniqueFd> fd = OpenListener(socket);
    if (!fd.ok()) return WithContext(fd.status(), "stats socket");
    fresh.push_back(std::make_unique<Listener>(this, socket, *std::move(fd)));
  }
  for (const auto& [place, level] : kept) {
    if (listeners_[place] == nullptr) continue;  // named twice
    listeners_[place]->set_level(level);
    fresh.push_back(std::move(listeners_[place]));
  }
  listeners_ = std::move(fresh);
  settings_ = settings;
  return absl::OkStatus();
}

void RuntimeServer::Begin(UniqueFd fd, const RuntimeSocket& socket) {
  CommandContext context;
  context.level = socket.level;
  context.origin = OriginOf(fd.get(), socket.address);
  auto connection = std::make_unique<Connection>(this, std::move(fd), std::move(context));
  Connection* const started = connection.get();
  connections_.push_back(std::move(connection));
  // A conversation may not be destroyed from within its own end.
  started->Start(settings_.timeout, [this, started, alive = std::weak_ptr(self_)] {
    loop_->Post([this, started, alive] {
      if (!alive.expired()) Remove(started);
    });
  });
}

void RuntimeServer::Remove(Connection* connection) {
  std::erase_if(connections_, [connection](const std::unique_ptr<Connection>& one) {
    return one.get() == connection;
  });
  for (const std::unique_ptr<Listener>& listener : listeners_) {
    listener->room.Raise(event::kSignalled);
  }
}

}  // namespace lb::service
