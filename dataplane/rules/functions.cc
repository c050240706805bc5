#include "dataplane/rules/functions.h"

namespace lb::rules {

FetchFunction FindFetchFunction(std::string_view name) {
  for (std::span<const NamedFetch> table : {StateFetches(), ConnectionFetches(), ContentFetches(),
                                            HeaderFetches(), MessageFetches(), TlsFetches()}) {
    for (const NamedFetch& fetch : table) {
      if (fetch.name == name) return fetch.function;
    }
  }
  return nullptr;
}

ConvertFunction FindConvertFunction(std::string_view name) {
  for (std::span<const NamedConverter> table :
       {TextConverters(), NumberConverters(), CodecConverters(), DateConverters()}) {
    for (const NamedConverter& converter : table) {
      if (converter.name == name) return converter.function;
    }
  }
  return nullptr;
}

}  // namespace lb::rules
