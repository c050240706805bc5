// lbctl: the operator's command line. See run.h.
#include <iostream>
#include <string>
#include <vector>

#include "cli/run.h"

#include "common/base/state_dir.h"

int main(int argc, char** argv) {
  return lb::cli::Run(std::vector<std::string>(argv + 1, argv + argc), lb::DefaultStateRoot(),
                      &std::cout, &std::cerr);
}
