/* Rust's standard library gets its random bytes from ProcessPrng, which Wine 8 lacks; it does have RtlGenRandom, whose
 * name in the library is SystemFunction036. */
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *buffer, unsigned long length);
__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *buffer, unsigned long long length) {
    return length <= 0xffffffff && SystemFunction036(buffer, (unsigned long)length);
}
