// What executing a network costs: forward, gradient and Hessian-vector product in float32.
#include <fmt/format.h>
#include <omp.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "smoothbound/runtime/oracle.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/text/source.hpp"

namespace {

using namespace smoothbound;

/// Seconds of the fastest of `repeat` calls, after one that warms up.
template <class Work>
double fastest(int repeat, const Work& work) {
  work();
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
    best = std::min(best, passed.count());
  }
  return best;
}

std::int64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  constexpr std::int64_t kilobyte = 1024;
  return usage.ru_maxrss * kilobyte;
}

// A uniform distribution of the wanted standard deviation is enough, and fast.
void randomize(std::span<float> values, double scale, std::uint64_t seed) {
  std::minstd_rand random(static_cast<std::minstd_rand::result_type>(seed + 1));
  const double width = scale * std::sqrt(12.0);
  for (float& value : values) {
    const double uniform = static_cast<double>(random()) / std::minstd_rand::max();
    value = static_cast<float>((uniform - 0.5) * width);
  }
}

std::vector<float> random_vector(std::int64_t size, double scale, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(size));
  randomize(values, scale, seed);
  return values;
}

void initialize(Network<float>& network) {
  std::uint64_t seed = 0;
  for (const ParameterArray& array : network.parameter_layout().arrays) {
    const double fan_in =
        static_cast<double>(array.elements) / static_cast<double>(array.sizes.front());
    randomize(network.parameters().subspan(static_cast<std::size_t>(array.offset),
                                           static_cast<std::size_t>(array.elements)),
              1 / std::sqrt(fan_in), ++seed);
  }
  network.update_parameters();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Seconds of the oracles on one batch, as JSON");
  std::string file;
  std::string what = "gradient";
  std::int64_t batch = 1;
  int threads = 1;
  int repeat = 3;
  app.add_option("file", file, "architecture")->required();
  app.add_option("--what", what, "forward, gradient or hvp");
  app.add_option("--batch", batch, "samples");
  app.add_option("--threads", threads, "threads");
  app.add_option("--repeat", repeat, "calls of which the fastest counts");
  CLI11_PARSE(app, argc, argv);
  try {
    omp_set_num_threads(threads);
    Source source;
    load_source(file, {}, source);
    const Graph graph = build_graph(read_spec(source), batch);
    Network<float> network(graph, batch,
                           what == "forward" ? Purpose::values : Purpose::derivatives);
    initialize(network);
    const std::vector<float> x = random_vector(network.input_elements(), 1, 1);
    const std::vector<float> mu = random_vector(network.output_elements(), 1, 2);
    Trajectory<float> trajectory(network, what == "hvp" ? KeepCotangents::yes : KeepCotangents::no);
    nlohmann::ordered_json result;
    const auto run_forward = [&] { forward<float>(x, trajectory); };
    result["forward"] = fastest(repeat, run_forward);
    std::vector<float> gradient;
    if (what != "forward") {
      gradient.resize(network.parameters().size());
      result["gradient"] = fastest(repeat, [&] {
        run_forward();
        vjp<float>(trajectory, mu, gradient);
      });
    }
    if (what == "hvp") {
      const std::vector<float> w_dot =
          random_vector(static_cast<std::int64_t>(network.parameters().size()), 1e-3, 3);
      result["hvp"] = fastest(repeat, [&] { hvp<float>(trajectory, mu, w_dot, gradient); });
    }
    result["peak_bytes"] = peak_bytes();
    fmt::print("{}\n", result.dump());
  } catch (const std::exception& error) {
    fmt::print(stderr, "oracles: error: {}\n", error.what());
    return 1;
  }
  return 0;
}
