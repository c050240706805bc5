// What lbctl's exit status says to scripts.
#ifndef LB_CLI_EXIT_CODE_H_
#define LB_CLI_EXIT_CODE_H_

namespace lb::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;      // the control plane, or the file, said no
inline constexpr int kExitUsage = 2;        // the command line makes no sense
inline constexpr int kExitLagging = 3;      // done, but some data plane does not have it yet
inline constexpr int kExitUnreachable = 4;  // no answer from the control plane

}  // namespace lb::cli

#endif  // LB_CLI_EXIT_CODE_H_
