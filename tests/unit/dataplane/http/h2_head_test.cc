#include "dataplane/http/h2_head.h"

#include <string>

#include "gtest/gtest.h"

namespace lb::http {
namespace {

std::string TextOf(const H2FieldList& list) {
  std::string text;
  for (const H2Field& field : list.fields) {
    text.append(field.name).append("=").append(field.value).append("|");
  }
  return text;
}

// What goes to an HTTP/2 server of a request that has come over HTTP/1.
std::string RequestFieldsOf(std::string_view bytes) {
  HeadParser parser;
  RequestHead head;
  EXPECT_EQ(parser.ParseRequest(bytes, {}, &head).outcome, ParseResult::kDone) << bytes;
  H2FieldList list;
  WriteH2Request(head, "http", &list);
  return TextOf(list);
}

TEST(WriteH2Request, OnlyAGetWithoutABodyBecomesAnExtendedConnect) {
  const std::string offer =
      " / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
  EXPECT_EQ(RequestFieldsOf("GET" + offer + "\r\n"),
            ":method=CONNECT|:protocol=websocket|:scheme=http|:authority=a|:path=/|");
  EXPECT_EQ(RequestFieldsOf("POST" + offer + "Content-Length: 4\r\n\r\n"),
            ":method=POST|:scheme=http|:authority=a|:path=/|content-length=4|");
  EXPECT_EQ(RequestFieldsOf("GET" + offer + "Content-Length: 4\r\n\r\n"),
            ":method=GET|:scheme=http|:authority=a|:path=/|content-length=4|");
}

}  // namespace
}  // namespace lb::http
