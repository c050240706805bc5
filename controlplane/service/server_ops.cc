#include "controlplane/service/server_ops.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "common/base/address.h"
#include "common/base/status.h"
#include "controlplane/service/revisions.h"

namespace lb::service {
namespace {

// A data plane that takes longer than this to use a new state lags.
constexpr Millis kApplyLimit(1000);
constexpr Millis kAskLimit(1000);

}  // namespace

absl::StatusOr<ServerEntry*> ServerOps::Find(const std::string& backend,
                                             const std::string& server) {
  if (parts_.book->FindBackend(backend) == nullptr) {
    return absl::NotFoundError("No such backend.");
  }
  ServerEntry* entry = parts_.book->Find(ServerIdOf(backend, server));
  if (entry == nullptr) return absl::NotFoundError("No such server.");
  return entry;
}

absl::StatusOr<ServerOps::Order> ServerOps::StateOrder(const ServerEntry& entry,
                                                       const std::string& state) const {
  if (state != "ready" && state != "drain" && state != "maint") {
    return absl::InvalidArgumentError(
        absl::StrCat("state '", state, "': expected ready, drain or maint"));
  }
  Order order;
  order.value.kind = store::OverrideKind::kState;
  order.value.value = state;
  // "ready" lifts what was ordered; on a server that the file disables it is an order itself.
  order.is_lift = state == "ready" && !entry.config->disabled();
  order.text = absl::StrCat("set state ", state);
  return order;
}

absl::StatusOr<ServerOps::Order> ServerOps::AddressOrder(const ServerEntry& entry,
                                                         const v1::SetAddress& change) const {
  LB_ASSIGN_OR_RETURN(Address address, Address::Parse(entry.address()));
  const uint16_t port = address.port();
  if (!change.address().empty()) {
    absl::StatusOr<Address> parsed = Address::FromIp(change.address(), port);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("Invalid addr format: '", change.address(), "'"));
    }
    address = *parsed;
  }
  if (change.port() > 65535) return absl::InvalidArgumentError("provided port is not valid.");
  if (change.port() != 0) address.set_port(static_cast<uint16_t>(change.port()));
  Order order;
  order.value.kind = store::OverrideKind::kAddress;
  order.value.value = address.ToString();
  order.is_lift = order.value.value == entry.config->address();
  order.text = absl::StrCat("set addr ", order.value.value);
  return order;
}

absl::StatusOr<ServerOps::Order> ServerOps::OrderOf(const ServerEntry& entry,
                                                    const v1::SetServerRequest& request) const {
  switch (request.change_case()) {
    case v1::SetServerRequest::kState:
      return StateOrder(entry, request.state());
    case v1::SetServerRequest::kAddress:
      return AddressOrder(entry, request.address());
    case v1::SetServerRequest::kWeight: {
      LB_RETURN_IF_ERROR(WeightOf(request.weight(), entry.config->weight()).status());
      Order order;
      order.value.kind = store::OverrideKind::kWeight;
      order.value.value = request.weight();
      order.is_lift = request.weight() == "100%";
      order.text = absl::StrCat("set weight ", request.weight());
      return order;
    }
    default:
      return absl::InvalidArgumentError("nothing to change was named");
  }
}

void ServerOps::SetServer(const v1::SetServerRequest& request, Done<v1::SetServerReply> done) {
  absl::StatusOr<ServerEntry*> entry = Find(request.backend(), request.server());
  if (!entry.ok()) {
    done(entry.status());
    return;
  }
  if (request.change_case() == v1::SetServerRequest::kHealth) {
    SetHealth(*entry, request, std::move(done));
    return;
  }
  absl::StatusOr<Order> order = OrderOf(**entry, request);
  if (!order.ok()) {
    done(order.status());
    return;
  }
  Pin(*entry, *std::move(order), request.origin(), std::move(done));
}

void ServerOps::SetMaxconn(const std::string& backend, const std::string& server, uint32_t maxconn,
                           const v1::Origin& origin, Done<v1::SetServerReply> done) {
  absl::StatusOr<ServerEntry*> entry = Find(backend, server);
  if (!entry.ok()) {
    done(entry.status());
    return;
  }
  Order order;
  order.value.kind = store::OverrideKind::kMaxconn;
  order.value.value = absl::StrCat(maxconn);
  order.is_lift = maxconn == (*entry)->config->maxconn();
  order.text = absl::StrCat("set maxconn ", maxconn);
  Pin(*entry, std::move(order), origin, std::move(done));
}

void ServerOps::Pin(ServerEntry* entry, Order order, const v1::Origin& origin,
                    Done<v1::SetServerReply> done) {
  order.value.backend = entry->backend;
  order.value.server = entry->server;
  order.value.origin = OriginText(origin);
  order.value.set_unix_ms = parts_.history->now_unix_ms();
  checks::StateChange change = order.is_lift ? parts_.book->LiftOverride(entry, order.value.kind)
                                             : parts_.book->SetOverride(entry, order.value);
  change.is_status_changed = true;  // "set by operator" is part of the state
  if (order.value.kind == store::OverrideKind::kAddress) parts_.health->OnAddressChanged();
  parts_.health->Publish(*entry, change, order.value.origin);
  PushAndStore(
      *entry,
      [value = order.value, is_lift = order.is_lift](store::StateStore* store) {
        if (is_lift) return store->LiftOverride(value.backend, value.server, value.kind);
        return store->SetOverride(value);
      },
      order.text, order.value.origin, std::move(done));
}

void ServerOps::SetHealth(ServerEntry* entry, const v1::SetServerRequest& request,
                          Done<v1::SetServerReply> done) {
  checks::OperatorHealth health;
  if (request.health() == "up") {
    health = checks::OperatorHealth::kUp;
  } else if (request.health() == "stopping") {
    health = checks::OperatorHealth::kStopping;
  } else if (request.health() == "down") {
    health = checks::OperatorHealth::kDown;
  } else {
    done(absl::InvalidArgumentError(
        absl::StrCat("health '", request.health(), "': expected up, stopping or down")));
    return;
  }
  const std::string origin = OriginText(request.origin());
  parts_.health->Publish(*entry, entry->machine.SetHealth(health), origin);
  PushAndStore(
      *entry, [](store::StateStore*) { return absl::OkStatus(); },
      absl::StrCat("set health ", request.health()), origin, std::move(done));
}

void ServerOps::PushAndStore(const ServerEntry& entry, StoreThread::Job write,
                             const std::string& text, const std::string& origin,
                             Done<v1::SetServerReply> done) {
  // Shared by the two things waited for; the last one replies.
  struct Pending {
    v1::SetServerReply reply;
    std::optional<absl::Status> stored;
    bool is_applied = false;
    Done<v1::SetServerReply> done;
    void ReplyIfComplete() {
      if (!stored.has_value() || !is_applied) return;
      if (stored->ok()) {
        done(std::move(reply));
      } else {
        done(absl::InternalError(absl::StrCat("in effect, but not stored: ", stored->message())));
      }
    }
  };
  auto pending = std::make_shared<Pending>();
  pending->done = std::move(done);
  parts_.history->RecordWith(std::move(write), store::EventKind::kCommand, entry.name(), text,
                             origin, [pending](absl::Status status) {
                               pending->stored = status;
                               pending->ReplyIfComplete();
                             });
  const uint64_t version = parts_.fleet->Flush();
  parts_.fleet->WhenApplied(version, kApplyLimit,
                            [pending](const std::vector<fleet::NodeOutcome>& outcomes) {
                              for (const fleet::NodeOutcome& outcome : outcomes) {
                                *pending->reply.add_nodes() = ToProto(outcome);
                              }
                              pending->is_applied = true;
                              pending->ReplyIfComplete();
                            });
}

void ServerOps::ShutdownSessions(const v1::ShutdownServerSessionsRequest& request,
                                 Done<v1::ShutdownServerSessionsReply> done) {
  absl::StatusOr<ServerEntry*> entry = Find(request.backend(), request.server());
  if (!entry.ok()) {
    done(entry.status());
    return;
  }
  parts_.history->Record(store::EventKind::kCommand, (*entry)->name(), "shutdown sessions",
                         OriginText(request.origin()));
  v1::ToDataPlane question;
  question.mutable_shutdown_sessions()->set_server_id((*entry)->id);
  parts_.fleet->Ask(std::move(question), std::nullopt, kAskLimit,
                    [done = std::move(done)](fleet::Gathered gathered) {
                      v1::ShutdownServerSessionsReply reply;
                      uint64_t closed = 0;
                      for (const fleet::Answer& answer : gathered.answers) {
                        closed += answer.message.command_done().affected();
                      }
                      reply.set_closed(closed);
                      done(std::move(reply));
                    });
}

void ServerOps::ClearCounters(const v1::ClearCountersRequest& request,
                              Done<v1::ClearCountersReply> done) {
  parts_.history->Record(store::EventKind::kCommand, "counters",
                         request.all() ? "clear counters all" : "clear counters",
                         OriginText(request.origin()));
  if (request.all()) {
    for (ServerId id : parts_.book->order()) {
      ServerEntry* entry = parts_.book->Find(id);
      parts_.health->Publish(*entry, entry->machine.ClearCounters(), "");
    }
  }
  v1::ToDataPlane question;
  question.mutable_clear_counters()->set_all(request.all());
  parts_.fleet->Ask(
      std::move(question), std::nullopt, kAskLimit,
      [done = std::move(done)](const fleet::Gathered&) { done(v1::ClearCountersReply()); });
}

void ServerOps::ListBadMessages(std::function<void(BadMessages)> done) {
  v1::ToDataPlane question;
  question.mutable_list_bad_messages();
  parts_.fleet->Ask(std::move(question), std::nullopt, kAskLimit,
                    [done = std::move(done)](fleet::Gathered gathered) {
                      BadMessages all;
                      for (fleet::Answer& answer : gathered.answers) {
                        v1::BadMessageList* list = answer.message.mutable_bad_messages();
                        all.total += list->total();
                        for (v1::BadMessage& message : *list->mutable_messages()) {
                          message.set_node(answer.node);
                          all.messages.push_back(std::move(message));
                        }
                      }
                      done(std::move(all));
                    });
}

void ServerOps::ListSessions(Done<v1::ListSessionsReply> done) {
  v1::ToDataPlane question;
  question.mutable_list_sessions();
  parts_.fleet->Ask(
      std::move(question), std::nullopt, kAskLimit,
      [done = std::move(done)](fleet::Gathered gathered) {
        v1::ListSessionsReply reply;
        for (fleet::Answer& answer : gathered.answers) {
          for (v1::SessionEntry& session : *answer.message.mutable_sessions()->mutable_sessions()) {
            session.set_node(answer.node);
            *reply.add_sessions() = std::move(session);
          }
        }
        done(std::move(reply));
      });
}

}  // namespace lb::service
