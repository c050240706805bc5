#include "common/stats/sum.h"

#include "gtest/gtest.h"

namespace lb::stats {
namespace {

v1::Counters Node(uint64_t server_id, uint64_t sessions, uint32_t response_ms) {
  v1::Counters counters;
  v1::BackendCounters* server = counters.add_servers();
  server->set_id(server_id);
  server->set_sessions(sessions);
  server->set_max_sessions(4);
  server->set_response_time_ms(response_ms);
  server->set_max_response_time_ms(response_ms * 2);
  server->set_last_session_unix_ms(static_cast<int64_t>(sessions));
  for (uint64_t n : {0, 10}) server->add_responses(n);
  counters.mutable_process()->set_workers(2);
  counters.mutable_process()->set_idle_percent(50);
  counters.mutable_process()->set_pid(static_cast<uint32_t>(sessions));
  return counters;
}

TEST(Sum, AddsWhatIsCountedAndJoinsById) {
  const v1::Counters sum = Sum({Node(1, 10, 0), Node(2, 5, 0), Node(1, 30, 0)});
  ASSERT_EQ(sum.servers_size(), 2);
  EXPECT_EQ(sum.servers(0).id(), 1u);
  EXPECT_EQ(sum.servers(0).sessions(), 40u);
  EXPECT_EQ(sum.servers(0).max_sessions(), 8u);
  ASSERT_EQ(sum.servers(0).responses_size(), 2);
  EXPECT_EQ(sum.servers(0).responses(1), 20u);
  EXPECT_EQ(sum.servers(0).last_session_unix_ms(), 30);
  EXPECT_EQ(sum.servers(1).sessions(), 5u);
  EXPECT_EQ(sum.process().workers(), 6u);
  EXPECT_EQ(sum.process().idle_percent(), 50u);
  EXPECT_EQ(sum.process().pid(), 10u) << "the first node's";
}

TEST(Sum, WeighsAveragesBySessionsAndTakesTheLongestTime) {
  const v1::Counters sum = Sum({Node(1, 10, 100), Node(1, 30, 20)});
  EXPECT_EQ(sum.servers(0).response_time_ms(), 40u);
  EXPECT_EQ(sum.servers(0).max_response_time_ms(), 200u);
}

TEST(Sum, OfOneNodeIsThatNode) {
  const v1::Counters node = Node(1, 10, 7);
  EXPECT_EQ(Sum({node}).SerializeAsString(), node.SerializeAsString());
  EXPECT_EQ(Sum({}).servers_size(), 0);
}

// Every field of the three messages is summed somehow: one that is forgotten stays zero.
TEST(Sum, ForgetsNoField) {
  v1::Counters node;
  for (google::protobuf::Message* message :
       {static_cast<google::protobuf::Message*>(node.add_frontends()),
        static_cast<google::protobuf::Message*>(node.add_backends()),
        static_cast<google::protobuf::Message*>(node.mutable_process())}) {
    const auto* descriptor = message->GetDescriptor();
    const auto* reflection = message->GetReflection();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const auto* field = descriptor->field(i);
      if (field->is_repeated()) {
        reflection->AddUInt64(message, field, 1);
        continue;
      }
      switch (field->cpp_type()) {
        case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
          reflection->SetUInt32(message, field, 1);
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_UINT64:
          reflection->SetUInt64(message, field, 1);
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_INT64:
          reflection->SetInt64(message, field, 1);
          break;
        case google::protobuf::FieldDescriptor::CPPTYPE_BOOL:
          reflection->SetBool(message, field, true);
          break;
        default:
          FAIL() << "no rule for " << field->full_name();
      }
    }
  }
  node.set_at_unix_ms(1);
  EXPECT_EQ(Sum({node}).DebugString(), node.DebugString());
}

}  // namespace
}  // namespace lb::stats
