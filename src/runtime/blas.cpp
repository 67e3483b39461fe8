#include "blas.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "smoothbound/runtime/machine.hpp"
#include "smoothbound/text/resource_error.hpp"

namespace smoothbound::linalg {
namespace {

constexpr const char* threads_variable = "OPENBLAS_NUM_THREADS";

// Buffers of all threads, one more for who calls, and the library with its own libraries.
std::int64_t address_space(int threads) {
  constexpr std::int64_t mebibyte = std::int64_t{1} << 20U;
  constexpr std::int64_t buffer = 128 * mebibyte;
  constexpr std::int64_t library = 64 * mebibyte;
  return (threads + 1) * buffer + library;
}

void* open_library() {
  // By name, as the linker would have it, else where it was when this was built.
  for (const char* name : {SMOOTHBOUND_OPENBLAS_NAME, SMOOTHBOUND_OPENBLAS_FILE}) {
    if (void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): while a static variable is initialized
  const char* const reason = dlerror();
  throw ResourceError(
      fmt::format("OpenBLAS cannot be loaded: {}", reason != nullptr ? reason : "unknown"),
      "install the library that this program was built with, "
      "or build it anew");
}

template <class Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  if (function != nullptr) return;
  throw ResourceError(fmt::format("{} has no {}", SMOOTHBOUND_OPENBLAS_NAME, name),
                      "install OpenBLAS with LAPACK");
}

// Those of the call that begins with all threads; later ones take the same.
void take_buffers(const Blas& functions) {
  constexpr int size = 160;
  constexpr double alpha = 1;
  constexpr double beta = 0;
  const std::vector<double> a(static_cast<std::size_t>(size) * size);
  std::vector<double> c(a.size());
  functions.dgemm("N", "N", &size, &size, &size, &alpha, a.data(), &size, a.data(), &size, &beta,
                  c.data(), &size);
}

Blas load() {
  // One thread for now would be one for ever.
  const int threads = std::max(2, omp_get_max_threads());
  int of_library = threads;
  // NOLINTBEGIN(concurrency-mt-unsafe): while a static variable is initialized
  if (std::getenv(threads_variable) == nullptr) {
    (void)setenv(threads_variable, std::to_string(threads).c_str(), 0);
  } else {
    of_library = std::max(threads, omp_get_num_procs());
  }
  // NOLINTEND(concurrency-mt-unsafe)
  const std::int64_t needed = address_space(of_library);
  if (!can_map(needed)) {
    throw ResourceError(
        fmt::format("the limits on memory do not leave OpenBLAS its {} MiB", needed >> 20U),
        "raise them (ulimit -v), or take fewer threads");
  }
  void* const library = open_library();
  Blas functions{};
  find(library, "dgemm_", functions.dgemm);
  find(library, "dgemv_", functions.dgemv);
  find(library, "dsyrk_", functions.dsyrk);
  find(library, "dtrsm_", functions.dtrsm);
  find(library, "dtrsv_", functions.dtrsv);
  find(library, "dpotrf_", functions.dpotrf);
  find(library, "dgeqrf_", functions.dgeqrf);
  find(library, "dorgqr_", functions.dorgqr);
  find(library, "dgesdd_", functions.dgesdd);
  find(library, "dstev_", functions.dstev);
  take_buffers(functions);
  return functions;
}

}  // namespace

const Blas& blas() {
  static const Blas functions = load();
  return functions;
}

}  // namespace smoothbound::linalg
