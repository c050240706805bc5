#include "controlplane/fleet/registry.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace lb::fleet {

Registry::Admission Registry::Admit(MemberId member, const v1::Hello& hello,
                                    const std::string& peer, WallTime now) {
  Admission admission;
  Node& node = nodes_[hello.node()];
  if (node.is_connected && node.hello.instance() != hello.instance()) {
    admission.reason = absl::StrCat("node name '", hello.node(), "' is in use by ", node.peer,
                                    " (pid ", node.hello.pid(), ")");
    return admission;
  }
  admission.is_admitted = true;
  if (node.is_connected) admission.replaced = node.member;
  node.hello = hello;
  node.peer = peer;
  node.is_connected = true;
  node.since = now;
  node.member = member;
  node.revision = hello.revision();
  node.stage = hello.revision() == 0 ? "joined" : "serving";
  node.last_error.clear();
  node.counters.Clear();
  return admission;
}

bool Registry::Lose(const std::string& name, MemberId member, const std::string& reason,
                    WallTime now) {
  Node* node = Find(name);
  if (node == nullptr || !node->is_connected || node->member != member) return false;
  node->is_connected = false;
  node->member = 0;
  node->since = now;
  node->stage = "lost";
  node->last_error = reason;
  node->counters.Clear();
  return true;
}

void Registry::Remember(const std::string& name, Node node) {
  nodes_.try_emplace(name, std::move(node));
}

Node* Registry::Find(const std::string& name) {
  auto it = nodes_.find(name);
  return it == nodes_.end() ? nullptr : &it->second;
}

}  // namespace lb::fleet
