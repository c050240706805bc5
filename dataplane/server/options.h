// The command line of lbproxyd.
#ifndef LB_DATAPLANE_SERVER_OPTIONS_H_
#define LB_DATAPLANE_SERVER_OPTIONS_H_

#include <string>

#include "common/base/clock.h"
#include "common/tls/channel_identity.h"
#include "dataplane/server/data_plane_process.h"

namespace lb::server {

struct Options {
  std::string control;  // "HOST:PORT" or "unix:PATH"
  tls::ChannelFiles tls;
  DataPlaneOptions data_plane;
  Millis drain_timeout{10'000};
};

// What came of reading the command line: options, or a text to print and a status to exit with.
struct ParsedOptions {
  bool should_run = false;
  Options options;
  std::string text;
  int exit_status = 0;
};

ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_OPTIONS_H_
