import 'dart:convert';
import 'package:firebase_auth/firebase_auth.dart';
import 'package:http/http.dart' as http;
import 'package:openai_dart/openai_dart.dart';

const backend = 'https://api.my-app.com';

/// The key that the backend gives for a login; fetched again before it ends.
class GuardKey implements AuthProvider {
  String _value = '';
  DateTime _expiresAt = DateTime.fromMillisecondsSinceEpoch(0);
  DateTime _refreshableUntil = DateTime.fromMillisecondsSinceEpoch(0);

  /// Call this before each request: `getHeaders` cannot wait.
  Future<void> refresh() async {
    final now = DateTime.now();
    if (now.isBefore(_expiresAt.subtract(const Duration(minutes: 1)))) return;
    final alive = now.isBefore(_expiresAt) && now.isBefore(_refreshableUntil);
    final login = alive ? _value : await FirebaseAuth.instance.currentUser!.getIdToken();
    final answer = await http.post(
      Uri.parse('$backend/token'),
      headers: {'Authorization': 'Bearer $login'},
    );
    final key = jsonDecode(answer.body) as Map<String, dynamic>;
    if (answer.statusCode != 200) throw Denied(key['error']['code'], key['error']['resets_at']);
    _value = key['value'];
    _expiresAt = DateTime.fromMillisecondsSinceEpoch(key['expires_at'] * 1000);
    _refreshableUntil = DateTime.fromMillisecondsSinceEpoch(key['refreshable_until'] * 1000);
  }

  @override
  Map<String, String> getHeaders() => {'Authorization': 'Bearer $_value'};
}

class Denied implements Exception {
  Denied(this.code, this.resetsAt);
  final String code;
  final int? resetsAt; // Unix seconds
}

final key = GuardKey();
final openai = OpenAIClient(
  config: OpenAIConfig(baseUrl: '$backend/v1', authProvider: key), // no slash at the end
);

Stream<String> ask(String question) async* {
  await key.refresh();
  final request = ChatCompletionCreateRequest(
    model: 'gpt-5-mini',
    messages: [ChatMessage.user(question)],
  );
  try {
    await for (final event in openai.chat.completions.createStream(request)) {
      yield event.choices.firstOrNull?.delta.content ?? '';
    }
  } on ApiException catch (error) {
    // quota_exceeded, budget_exceeded: show the paywall. user_blocked: say so. 401: log in again.
    throw Denied(error.code ?? '${error.statusCode}', error.body?['error']?['resets_at']);
  }
}
