#include "dataplane/proxy/exchange.h"

#include "gtest/gtest.h"

#include "common/base/sanitizers.h"

namespace lb::proxy {
namespace {

TEST(ExchangePool, AnExchangeComesBackEmpty) {
  ExchangePool pool;
  std::unique_ptr<Exchange> exchange = pool.Take();
  Exchange* const address = exchange.get();
  exchange->config = std::make_shared<Config>();
  exchange->backend = std::make_shared<BackendConfig>();
  exchange->request.headers.Add("A", "b");
  exchange->response.status = 200;
  exchange->document.body = "page";
  exchange->has_reply = exchange->is_silent_close = exchange->keeps_client = true;
  exchange->bytes_from_client = exchange->bytes_to_client = 7;
  exchange->log.queue_ms = 5;
  exchange->SetEnd('S', 'H');
  pool.Give(std::move(exchange));

  exchange = pool.Take();
  if (kPoolsReuse) {
    ASSERT_EQ(exchange.get(), address);
  }
  EXPECT_EQ(exchange->config, nullptr);
  EXPECT_EQ(exchange->backend, nullptr);
  EXPECT_EQ(exchange->request.headers.size(), 0u);
  EXPECT_EQ(exchange->response.status, 0);
  EXPECT_EQ(exchange->document.body, "");
  EXPECT_FALSE(exchange->has_reply || exchange->is_silent_close || exchange->keeps_client);
  EXPECT_EQ(exchange->bytes_from_client + exchange->bytes_to_client, 0u);
  EXPECT_EQ(exchange->log.queue_ms, -1);
  EXPECT_EQ(exchange->cause, '-');
}

TEST(ExchangePool, ASecondExchangeIsAnother) {
  ExchangePool pool;
  std::unique_ptr<Exchange> first = pool.Take();
  std::unique_ptr<Exchange> second = pool.Take();
  EXPECT_NE(first, second);
}

TEST(Exchange, TheFirstEndStays) {
  Exchange exchange;
  exchange.SetEnd('s', 'H');
  exchange.SetEnd('C', 'D');
  EXPECT_EQ(exchange.cause, 's');
  EXPECT_EQ(exchange.stage, 'H');
}

}  // namespace
}  // namespace lb::proxy
