// The functions behind the catalog's names, private to this room: one table in each file that
// implements some of them. The compiler looks them up once per expression.
#ifndef LB_DATAPLANE_RULES_FUNCTIONS_H_
#define LB_DATAPLANE_RULES_FUNCTIONS_H_

#include <span>
#include <string_view>

#include "dataplane/rules/expr.h"

namespace lb::rules {

struct NamedFetch {
  std::string_view name;
  FetchFunction function;
};

struct NamedConverter {
  std::string_view name;
  ConvertFunction function;
};

std::span<const NamedFetch> StateFetches();       // fetch_state.cc
std::span<const NamedFetch> ConnectionFetches();  // fetch_connection.cc
std::span<const NamedFetch> ContentFetches();     // fetch_content.cc
std::span<const NamedFetch> HeaderFetches();      // fetch_header.cc
std::span<const NamedFetch> MessageFetches();     // fetch_message.cc
std::span<const NamedFetch> TlsFetches();         // fetch_tls.cc

std::span<const NamedConverter> TextConverters();    // convert_text.cc
std::span<const NamedConverter> NumberConverters();  // convert_number.cc
std::span<const NamedConverter> CodecConverters();   // convert_codec.cc
std::span<const NamedConverter> DateConverters();    // convert_date.cc

// By the catalog's canonical name; null when there is none.
FetchFunction FindFetchFunction(std::string_view name);
ConvertFunction FindConvertFunction(std::string_view name);

}  // namespace lb::rules

#endif  // LB_DATAPLANE_RULES_FUNCTIONS_H_
