#include "dataplane/rules/variables.h"

#include <gtest/gtest.h>

namespace lb::rules {
namespace {

TEST(VariableSet, KeepsItsOwnCopyOfTexts) {
  VariableSet set;
  VariableKey key("a");
  std::string text = "first";
  set.Set(key, Sample::Text(text));
  text = "other";
  EXPECT_EQ(set.Get(key).text(), "first");
}

TEST(VariableSet, AVariableCanBeSetToItself) {
  VariableSet set;
  VariableKey key("a");
  set.Set(key, Sample::Text("a text that does not fit into the string object itself"));
  set.Set(key, set.Get(key));
  EXPECT_EQ(set.Get(key).text(), "a text that does not fit into the string object itself");
}

TEST(VariableSet, TextsStayWhereTheyAreWhileOthersAreSet) {
  VariableSet set;
  set.Set(VariableKey("a"), Sample::Text("short"));
  std::string_view text = set.Get(VariableKey("a")).text();
  for (int i = 0; i < 100; ++i) {
    set.Set(VariableKey("v" + std::to_string(i)), Sample::Text(text));
  }
  EXPECT_EQ(text, "short");
  EXPECT_EQ(set.Get(VariableKey("v99")).text(), "short");
  EXPECT_EQ(set.size(), 101u);
}

TEST(VariableSet, KeepsTypes) {
  VariableSet set;
  VariableKey key("a");
  set.Set(key, Sample::Bytes("b"));
  EXPECT_EQ(set.Get(key).type(), Sample::Type::kBinary);
  set.Set(key, Sample::Int(5));
  EXPECT_EQ(set.Get(key).integer(), 5);
  EXPECT_EQ(set.size(), 1u);
}

TEST(VariableSet, UnsetAndClearForget) {
  VariableSet set;
  set.Set(VariableKey("a"), Sample::Int(1));
  set.Set(VariableKey("b"), Sample::Int(2));
  set.Unset(VariableKey("a"));
  EXPECT_FALSE(set.Get(VariableKey("a")).has_value());
  EXPECT_EQ(set.Get(VariableKey("b")).integer(), 2);
  set.Set(VariableKey("b"), Sample());
  EXPECT_FALSE(set.Get(VariableKey("b")).has_value());
  set.Set(VariableKey("c"), Sample::Int(3));
  set.Clear();
  EXPECT_FALSE(set.Get(VariableKey("c")).has_value());
}

}  // namespace
}  // namespace lb::rules
