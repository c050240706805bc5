// The reference page, docs/configuration.md, made from the keyword tables and the catalog.
#ifndef LB_CONTROLPLANE_CONFIG_REFERENCE_H_
#define LB_CONTROLPLANE_CONFIG_REFERENCE_H_

#include <string>

namespace lb::config {

// The whole page as Markdown. Depends on nothing but the tables.
std::string RenderReference();

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_REFERENCE_H_
