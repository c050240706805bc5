// The lines of a "crt-list": certificates with settings and server names of their own. Pure.
// Source: HAProxy configuration manual, section 5.1 "crt-list".
#ifndef LB_CONTROLPLANE_CONFIG_TLS_CRT_LIST_H_
#define LB_CONTROLPLANE_CONFIG_TLS_CRT_LIST_H_

#include <string>
#include <string_view>
#include <vector>

#include "common/base/diagnostics.h"
#include "controlplane/config/ast.h"

namespace lb::config {

// "site.pem [alpn h2] *.example.com !a.example.com".
struct CrtListEntry {
  Statement options;  // its arguments are what the brackets hold; its keyword is null
  Word file;
  std::vector<Word> filters;  // in lower case

  SourcePlace Place(const Word& word) const { return PlaceOf(*options.line, word); }
};

// The entries of `text`, read from `path`. Empty lines and those that begin with "#" are left out;
// lines with an error are reported and left out.
std::vector<CrtListEntry> ParseCrtList(const std::string& path, std::string_view text,
                                       Diagnostics* diagnostics);

}  // namespace lb::config

#endif  // LB_CONTROLPLANE_CONFIG_TLS_CRT_LIST_H_
