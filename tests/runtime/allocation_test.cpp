// Buffers are planned once: later steps allocate nothing of the size of a batch.
// AddressSanitizer has operators of its own in the place of those below.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SMOOTHBOUND_OTHER_OPERATORS
#endif
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(SMOOTHBOUND_OTHER_OPERATORS)
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>
#include <new>

#include "networks.hpp"
#include "smoothbound/runtime/oracle.hpp"

namespace {

// Of what goes through operator new, by any library of the process.
std::size_t largest_allocation = 0;

void note(std::size_t size) { largest_allocation = std::max(largest_allocation, size); }

}  // namespace

// Not inlined: g++ would miss the pairing of the three.
[[gnu::noinline]] void* operator new(std::size_t size) {
  note(size);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace smoothbound {
namespace {

template <class Scalar>
void run_steps(const testing::NamedNetwork& named) {
  constexpr std::int64_t batch = 64;
  Network<Scalar> network(testing::graph_of(named.text, batch), batch);
  std::mt19937_64 random(1);
  const auto w = testing::random_parameters(network, random);
  network.set_parameters(std::vector<Scalar>(w.begin(), w.end()));
  const auto x =
      testing::random_vector<Scalar>(static_cast<std::size_t>(network.input_elements()), random);
  const auto mu =
      testing::random_vector<Scalar>(static_cast<std::size_t>(network.output_elements()), random);
  const std::vector<Scalar> w_dot(w.size(), Scalar{1});
  std::vector<Scalar> gradient(w.size());
  std::vector<Scalar> y(mu.size());
  Trajectory<Scalar> trajectory(network, KeepCotangents::yes);
  const auto step = [&] {
    forward<Scalar>(x, trajectory);
    vjp<Scalar>(trajectory, mu, gradient);
    jvp<Scalar>(trajectory, w_dot, {}, y);
    hvp<Scalar>(trajectory, mu, w_dot, gradient);
    second_directional<Scalar>(trajectory, w_dot, y);
  };
  step();
  const std::int64_t bytes = trajectory.bytes();
  const struct mallinfo2 before = mallinfo2();
  largest_allocation = 0;
  step();
  step();
  const struct mallinfo2 after = mallinfo2();
  // oneDNN makes small tables of arguments; a batch of the smallest value takes more than this.
  constexpr std::size_t small = 2048;
  EXPECT_LT(largest_allocation, small) << named.name;
  EXPECT_EQ(trajectory.bytes(), bytes) << named.name;
  EXPECT_EQ(after.hblkhd, before.hblkhd) << named.name << ": a mapped block has come or gone";
}

TEST(Allocation, LaterStepsTakeNoBuffers) {
  for (const testing::NamedNetwork& named : testing::smooth_networks) {
    run_steps<float>(named);
    run_steps<double>(named);
  }
}

}  // namespace
}  // namespace smoothbound
#endif
