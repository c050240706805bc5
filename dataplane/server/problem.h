// Problem: why a snapshot cannot be served: what of it, and the reason. Becomes a Nack.
#ifndef LB_DATAPLANE_SERVER_PROBLEM_H_
#define LB_DATAPLANE_SERVER_PROBLEM_H_

#include <string>

namespace lb::server {

struct Problem {
  std::string resource;  // "frontend www, bind *:80"
  std::string reason;    // "Address already in use"

  std::string ToString() const { return resource.empty() ? reason : resource + ": " + reason; }
};

}  // namespace lb::server

#endif  // LB_DATAPLANE_SERVER_PROBLEM_H_
