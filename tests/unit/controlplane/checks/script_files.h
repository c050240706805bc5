// ScriptFiles: executable shell scripts in a folder of their own, gone with it. For tests.
#ifndef LB_TESTS_UNIT_CONTROLPLANE_CHECKS_SCRIPT_FILES_H_
#define LB_TESTS_UNIT_CONTROLPLANE_CHECKS_SCRIPT_FILES_H_

#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "common/base/check.h"

namespace lb::checks {

class ScriptFiles {
 public:
  ScriptFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "checks.XXXXXX").string();
    LB_CHECK(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~ScriptFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  // "$0" is the script's own path; PATH is what the check sets.
  std::string Add(const std::string& name, const std::string& body) {
    std::ofstream(Path(name)) << "#!/bin/sh\n" << body << "\n";
    LB_CHECK(chmod(Path(name).c_str(), 0755) == 0);
    return Path(name);
  }
  // "" while there is no such file.
  std::string Read(const std::string& name) const {
    std::ifstream file(Path(name));
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  std::string folder_;
};

// Whether this process has any child, running or zombie.
inline bool HasChildren() {
  siginfo_t child{};
  return waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

// Whether a process is gone: it does not exist, or only its exit status does.
inline bool IsGone(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string number, name, state;
  return !(file >> number >> name >> state) || state == "Z" || state == "X";
}

}  // namespace lb::checks

#endif  // LB_TESTS_UNIT_CONTROLPLANE_CHECKS_SCRIPT_FILES_H_
