// What the kernels' tests call of the C library. Declared here, because Swift for a processor without
// a system has no module of that library; it is linked all the same.
double cos(double x);
double exp(double x);
double log(double x);
int fflush(void *stream);
void exit(int code);
