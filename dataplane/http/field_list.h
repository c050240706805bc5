// Comma-separated list values of fields.
//
//   for (std::string_view member : ListMembers("gzip, ,\"a,b\";q=1")) ...   // gzip  "a,b";q=1
//
// Pure; views into the text. Source: RFC 9110 section 5.6.1.
#ifndef LB_DATAPLANE_HTTP_FIELD_LIST_H_
#define LB_DATAPLANE_HTTP_FIELD_LIST_H_

#include <cstddef>
#include <string_view>

#include "dataplane/http/message.h"

namespace lb::http {

// The members of a list, without surrounding blanks; empty members are skipped. A comma inside a
// quoted string separates nothing.
class ListMembers {
 public:
  explicit ListMembers(std::string_view list) : list_(list) {}

  class Iterator {
   public:
    std::string_view operator*() const { return member_; }
    Iterator& operator++() {
      Advance();
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at_end_ != other.at_end_; }

   private:
    friend class ListMembers;
    Iterator() : at_end_(true) {}
    explicit Iterator(std::string_view rest) : rest_(rest) { Advance(); }
    void Advance();

    std::string_view rest_;
    std::string_view member_;
    bool at_end_ = false;
  };

  Iterator begin() const { return Iterator(list_); }
  Iterator end() const { return Iterator(); }

 private:
  std::string_view list_;
};

// Whether a member equals the token, ignoring case.
bool ListHasToken(std::string_view list, std::string_view token);

// The same over all fields with that id.
bool AnyListHasToken(const HeaderList& headers, HeaderId id, std::string_view token);

}  // namespace lb::http

#endif  // LB_DATAPLANE_HTTP_FIELD_LIST_H_
