// The command line of lbcontrold and lbd: HAProxy's options, as its users and scripts pass them,
// and a few long ones of our own.
// Source: HAProxy management guide, section 3 "Starting HAProxy".
#ifndef LB_CONTROLPLANE_SERVER_OPTIONS_H_
#define LB_CONTROLPLANE_SERVER_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/tls/channel_identity.h"

namespace lb::control {

struct ControlOptions {
  std::vector<std::string> files;        // -f, repeatable; files or directories
  bool is_check = false;                 // -c
  std::optional<std::string> condition;  // -cc
  bool is_quiet = false;                 // -q
  bool is_debug = false;                 // -d
  bool is_foreground = false;            // -db
  bool is_daemon = false;                // -D
  bool notifies_systemd = false;         // -Ws
  bool fails_on_warnings = false;        // -dW
  std::string pid_file;                  // -p
  std::string directory;                 // -C

  std::string state_dir;             // empty: by the configuration's path
  std::vector<std::string> listens;  // gRPC addresses besides the admin socket
  tls::ChannelFiles tls;             // of the channel
  Millis drain_timeout{10'000};      // lbd's
};

// Which program reads the line: they differ in a few words.
struct ProgramFacts {
  std::string name;         // "lbcontrold"
  std::string description;  // for --help
  std::string version;
  std::string default_listen;  // "127.0.0.1:9901"; empty: none
  bool carries_traffic = false;
};

// What came of reading the command line: options, or a text to print and a status to exit with.
struct ParsedOptions {
  bool should_run = false;
  ControlOptions options;
  std::string text;
  int exit_status = 0;
};

// `arguments` without the program's name.
ParsedOptions ParseOptions(const ProgramFacts& program, const std::vector<std::string>& arguments);

// Whether everyone who can reach `address` ("unix:/path", "host:port") is on this machine.
bool IsLocalAddress(const std::string& address);

}  // namespace lb::control

#endif  // LB_CONTROLPLANE_SERVER_OPTIONS_H_
