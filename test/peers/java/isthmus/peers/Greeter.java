package isthmus.peers;

public interface Greeter {
  String greet(String caller);
}
