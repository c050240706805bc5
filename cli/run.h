// Run: lbctl without its process: the whole program as a function, for main() and for tests.
#ifndef LB_CLI_RUN_H_
#define LB_CLI_RUN_H_

#include <ostream>
#include <string>
#include <vector>

namespace lb::cli {

// `arguments` without the program's name. Returns the exit code; never throws.
// `state_root` is where daemons are looked for when no address is given.
int Run(const std::vector<std::string>& arguments, const std::string& state_root, std::ostream* out,
        std::ostream* err);

}  // namespace lb::cli

#endif  // LB_CLI_RUN_H_
