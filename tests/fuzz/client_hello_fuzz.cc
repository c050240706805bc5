// Any bytes as a TLS ClientHello. Claims: a shorter beginning never decides otherwise than the
// whole does; texts lie within the bytes or their copy.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dataplane/rules/client_hello.h"

namespace {

using lb::rules::ClientHello;
using lb::rules::HelloOutcome;

void Check(bool claim) {
  if (!claim) std::abort();
}

bool LiesIn(std::string_view view, std::string_view whole) {
  return view.data() >= whole.data() && view.data() + view.size() <= whole.data() + whole.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::string scratch;
  ClientHello hello;
  const HelloOutcome outcome = lb::rules::ParseClientHello(bytes, &scratch, &hello);
  if (outcome == HelloOutcome::kDone) {
    for (std::string_view view : {hello.server_name, hello.first_protocol}) {
      Check(view.empty() || LiesIn(view, bytes) || LiesIn(view, scratch));
    }
  }
  for (size_t cut : {size / 2, size > 0 ? size - 1 : 0}) {
    std::string part_scratch;
    ClientHello part;
    const HelloOutcome early =
        lb::rules::ParseClientHello(bytes.substr(0, cut), &part_scratch, &part);
    if (early != HelloOutcome::kMore) Check(early == outcome);
  }
  return 0;
}
