// Functions that are compiled for several instruction sets, of which the machine's is taken at run
// time.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SMOOTHBOUND_ONE_MACHINE  // clones are chosen before the sanitizer is ready
#endif
#endif
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(SMOOTHBOUND_ONE_MACHINE)
#define SMOOTHBOUND_FOR_EACH_MACHINE \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SMOOTHBOUND_FOR_EACH_MACHINE
#endif
/// What these call has to become part of them.
#define SMOOTHBOUND_INLINE [[gnu::always_inline]] inline
